// SPDX-License-Identifier: Apache-2.0
// What connections get whose address no service lists.
#include "userspace/routing/port_routes.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/resolved.h"
#include "userspace/model/codes.h"
#include "userspace/routing/resolver.h"

namespace sluice::routing {
namespace {

using test::answer;
using test::entry;
using test::meta;
using test::whereHostDecides;
using test::World;

const RouteTable& tableOf(const Routing& routing, const std::string& client) {
  const auto known = routing.workload_class.find(client);
  return routing.tables.at(known == routing.workload_class.end() ? ClientClass{} : known->second);
}

/// The route of every address that no service lists; null where connections are not looked at.
std::shared_ptr<const ServiceRoute> anyAddress(const World& world, uint16_t port,
                                               const std::string& client = "") {
  const auto routing = resolve(world.snapshot);
  const auto& services = tableOf(routing, client).services;
  const auto* found = services.find({kAnyHost, port});
  return found == nullptr ? nullptr : *found;
}

TEST(PortRoutes, NothingIsTakenWhereEveryServiceListsItsAddresses) {
  EXPECT_EQ(anyAddress(test::productApi(), 80), nullptr);
}

TEST(PortRoutes, WhereHostDecidesEveryAddressOfAnHttpPortMeetsTheProxy) {
  const auto route = anyAddress(whereHostDecides(), 80);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->path, Path::kProxy);
  EXPECT_EQ(route->reasons.at(0).code, code::kHostDecides);
  EXPECT_TRUE(route->needsOrigin());
  EXPECT_TRUE(route->plain->passthrough);
  EXPECT_EQ(anyAddress(whereHostDecides(), 81), nullptr);
}

TEST(PortRoutes, PortsThatNoRuleIsAboutAreLeftAloneWhenOnlyRuledServicesAreSteered) {
  World world;
  world.add(test::service("plain", {"10.96.0.50"}));
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  world.snapshot.agent.steer = AgentSettings::Steer::kRuled;
  EXPECT_EQ(anyAddress(world, 80), nullptr);
  world.add(test::virtualService(meta("vs"), {"api.nowhere.example"}, {answer(207)}));
  EXPECT_EQ(anyAddress(world, 80)->path, Path::kProxy);
}

TEST(PortRoutes, ClosedMeshGoesNowhere) {
  auto world = whereHostDecides();
  world.snapshot.agent.outbound_traffic_policy = Sidecar::OutboundMode::kRegistryOnly;
  const auto route = anyAddress(world, 80);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->plain, nullptr);
  EXPECT_EQ(route->rules->at(0).destinations.at(0).missing, "outboundTrafficPolicy REGISTRY_ONLY");
}

TEST(PortRoutes, TheOnlyServiceOfAPortNeedsNoProxy) {
  World world;
  world.add(entry("db.example", "TCP", 5432, {"192.0.2.5"}));
  const auto route = anyAddress(world, 5432);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->path, Path::kConnect);
  EXPECT_EQ(route->connectDestinations().at(0).cluster->endpoints.at(0).address.text(),
            "192.0.2.5:5432");
}

TEST(PortRoutes, RangesAreToldApartByTheProxy) {
  World world;
  world.add(entry("net.example", "TCP", 5432, {"192.0.2.1"}, {"10.0.0.0/8"}))
      .add(entry("db.example", "TCP", 5432, {"192.0.2.5"}));
  const auto route = anyAddress(world, 5432);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->path, Path::kProxy);
  EXPECT_EQ(route->protocol, Protocol::kTcp);
  EXPECT_EQ(route->reasons.at(0).code, code::kAddressRange);
}

TEST(PortRoutes, ServerNamesAreReadByTheProxy) {
  World world;
  world.add(entry("one.example", "TLS", 443, {"192.0.2.1"}));
  const auto route = anyAddress(world, 443);
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->protocol, Protocol::kTls);
  EXPECT_EQ(route->reasons.at(0).code, code::kServerName);
}

TEST(PortRoutes, ClientsThatSeeNoneOfThePortsServicesAreLeftAlone) {
  World world;
  auto own = entry("db.example", "TCP", 5432, {"192.0.2.5"});
  own.metadata.namespace_ = "shop";
  own.export_to = {"."};
  world.add(own).add(test::workload("web", "shop")).add(test::workload("visitor", "other"));
  EXPECT_EQ(anyAddress(world, 5432, "shop/web")->path, Path::kConnect);
  EXPECT_EQ(anyAddress(world, 5432, "other/visitor")->path, Path::kPassthrough);

  world.snapshot.agent.outbound_traffic_policy = Sidecar::OutboundMode::kRegistryOnly;
  const auto closed = anyAddress(world, 5432, "other/visitor");
  EXPECT_EQ(closed->path, Path::kConnect);
  EXPECT_EQ(closed->connectDestinations().at(0).cluster, nullptr) << "refused by the kernel";
  EXPECT_EQ(closed->reasons.at(0).code, code::kRegistryOnly);
}

/// A VirtualService of a host that no service has is for the clients of one namespace.
World withForeignHost() {
  auto about = test::virtualService(meta("vs", "shop"), {"api.nowhere.example"}, {answer(207)});
  about.export_to = {"."};
  auto world = whereHostDecides();
  return world.add(about)
      .add(test::workload("web", "shop"))
      .add(test::workload("visitor", "other"));
}

TEST(PortRoutes, HostsOutsideTheRegistryAreInEveryTable) {
  const auto routing = resolve(withForeignHost().snapshot);
  const ServiceKey key{"api.nowhere.example", 80};
  const auto& own = tableOf(routing, "shop/web");
  EXPECT_EQ(own.services.at(key)->virtual_service, "shop/vs");
  EXPECT_EQ(*own.virtual_hosts.at(80).find("api.nowhere.example"), own.services.at(key))
      << "what the name leads to is what the kernel has a number for";
  for (const auto* client : {"other/visitor", ""})
    EXPECT_EQ(tableOf(routing, client).services.at(key)->path, Path::kPassthrough) << client;
}

TEST(PortRoutes, ClassesThatSeeAForeignHostAlikeShareItsRoute) {
  auto about = test::virtualService(meta("vs", "shop"), {"api.nowhere.example"}, {answer(207)});
  auto private_service = test::service("own", {"10.96.0.30"});
  private_service.metadata.annotations["networking.istio.io/exportTo"] = "default";
  const auto routing = resolve(whereHostDecides()
                                   .add(about)
                                   .add(private_service)
                                   .add(test::workload("web", "default"))
                                   .snapshot);
  ASSERT_GT(routing.tables.size(), 1u);
  const ServiceKey foreign{"api.nowhere.example", 80}, any{kAnyHost, 80};
  for (const auto& key : {foreign, any})
    EXPECT_EQ(tableOf(routing, "default/web").services.at(key),
              routing.tables.at({}).services.at(key));
}

/// Whoever compares objects, as steering does, sees no change where there is none.
TEST(PortRoutes, WhatAnUpdateDoesNotConcernStaysTheSameObject) {
  auto world = withForeignHost();
  Resolver resolver;
  const auto before = resolver.update(std::make_shared<const Snapshot>(world.snapshot));
  world.add(test::service("another", {"10.96.0.60"}));
  const auto after = resolver.update(std::make_shared<const Snapshot>(world.snapshot));
  const ServiceKey foreign{"api.nowhere.example", 80}, any{kAnyHost, 80};
  for (const auto* client : {"shop/web", "other/visitor", ""})
    for (const auto& key : {foreign, any})
      EXPECT_EQ(tableOf(*before, client).services.at(key), tableOf(*after, client).services.at(key))
          << client << " " << key.text();
}

TEST(PortRoutes, AddressOfAHiddenServiceIsOneOfNoService) {
  auto hidden = test::service("hidden", {"10.96.0.40"});
  hidden.metadata.annotations["networking.istio.io/exportTo"] = ".";
  const auto routing =
      resolve(whereHostDecides().add(hidden).add(test::workload("visitor", "other")).snapshot);
  const auto& route =
      tableOf(routing, "other/visitor").services.at({"hidden.default.svc.cluster.local", 80});
  EXPECT_EQ(route->path, Path::kProxy);
  EXPECT_TRUE(route->whole_port);
  EXPECT_EQ(route->vips.size(), 1u);
  EXPECT_EQ(route->reasons.at(0).code, code::kNotExported);
}

}  // namespace
}  // namespace sluice::routing
