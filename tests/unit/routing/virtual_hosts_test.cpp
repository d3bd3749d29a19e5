// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/virtual_hosts.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::answer;
using test::kHost;
using test::meta;
using test::whereHostDecides;
using test::World;

VirtualService about(const std::string& host, int status, Metadata metadata = meta("vs")) {
  return test::virtualService(std::move(metadata), {host}, {answer(status)});
}

/// Which VirtualService or service `host` means to a client on `port`; empty: none.
std::string meaning(World world, const std::string& host, uint16_t port = 80,
                    const std::string& client = "default/web") {
  const auto slash = client.find('/');
  world.add(test::workload(client.substr(slash + 1), client.substr(0, slash)));
  const auto routing = resolve(world.snapshot);
  const auto& table = routing.tables.at(routing.workload_class.at(client));
  const auto hosts = table.virtual_hosts.find(port);
  if (hosts == table.virtual_hosts.end()) return "no listener";
  const auto* route = hosts->second.find(host);
  if (!route) return "";
  return (*route)->virtual_service.empty() ? (*route)->service.host : (*route)->virtual_service;
}

TEST(VirtualHosts, EverySpellingOfTheClientsNamespaceAndTheAddress) {
  for (const auto* host : {"product-api", "Product-API:8080", "product-api.default",
                           "product-api.default.svc", "product-api.default.svc.cluster.local",
                           "product-api.default.svc.cluster.local.", "10.96.0.10:80"})
    EXPECT_EQ(meaning(whereHostDecides(), host), kHost) << host;
  EXPECT_EQ(meaning(whereHostDecides(), "product-api", 80, "shop/web"), "");
  EXPECT_EQ(meaning(whereHostDecides(), "product-api.default", 80, "shop/web"), kHost);
  EXPECT_EQ(meaning(whereHostDecides(), "product-api."), "");
}

TEST(VirtualHosts, IPv6AddressesStandInBrackets) {
  auto world = whereHostDecides();
  world.add(test::service("six", {"fd00::6"}));
  EXPECT_EQ(meaning(world, "[fd00::6]:80"), "six.default.svc.cluster.local");
}

TEST(VirtualHosts, OnlyPortsThatSomeServiceDeclares) {
  auto world = whereHostDecides();
  world.add(test::service("db", {"10.96.0.11"}, {{"tcp", 9000}, {"", 9001}}));
  EXPECT_EQ(meaning(world, "db", 9000), "no listener");
  EXPECT_EQ(meaning(world, "db", 9001), "no listener");
  EXPECT_TRUE(resolve(test::productApi().snapshot).tables.at({}).virtual_hosts.empty());
}

TEST(VirtualHosts, ServicesOfUndeclaredProtocolAreMeantOnDeclaredPortsToo) {
  auto world = whereHostDecides();
  world.add(test::service("legacy", {"10.96.0.14"}, {{"web", 80}}))
      .add(test::service("raw", {"10.96.0.15"}, {{"tcp", 80}}));
  EXPECT_EQ(meaning(world, "legacy"), "legacy.default.svc.cluster.local");
  EXPECT_EQ(meaning(world, "raw"), "");
}

TEST(VirtualHosts, HostsOutsideTheRegistryWorkOnPort80Alone) {
  auto world = whereHostDecides();
  world.add(test::service("other", {"10.96.0.11"}, {{"http", 8081}}))
      .add(about("api.nowhere.example", 201, meta("exact")))
      .add(about("*.nowhere.example", 202, meta("wild")));
  EXPECT_EQ(meaning(world, "api.nowhere.example"), "default/exact");
  EXPECT_EQ(meaning(world, "a.b.nowhere.example"), "default/wild");
  EXPECT_EQ(meaning(world, "nowhere.example"), "");
  EXPECT_EQ(meaning(world, "api.nowhere.example", 8081), "");
}

TEST(VirtualHosts, BesideAServiceOfThePortTheyWorkThereToo) {
  auto world = whereHostDecides();
  world.add(test::service("other", {"10.96.0.11"}, {{"http", 8081}}))
      .add(test::virtualService(meta("vs"), {"other", "api.nowhere.example"}, {answer(201)}));
  EXPECT_EQ(meaning(world, "api.nowhere.example", 8081), "default/vs");
}

TEST(VirtualHosts, NameDotNamespaceIsTakenLiterally) {
  auto world = whereHostDecides().add(about("product-api.default", 201));
  EXPECT_EQ(meaning(world, "product-api.default"), "default/vs");
  EXPECT_EQ(meaning(world, "product-api"), kHost);
}

TEST(VirtualHosts, HostWhoseRulesAreForOthersMeansNothing) {
  HttpMatchRequest batch;
  batch.source_labels = {{"app", "batch"}};
  auto world = whereHostDecides();
  world.add(test::virtualService(meta("vs"), {"api.nowhere.example"}, {answer(201, {batch})}));
  EXPECT_EQ(meaning(world, "api.nowhere.example"), "");
}

TEST(VirtualHosts, PodsOfAHeadlessServiceHaveNamesBelowIt) {
  auto world = whereHostDecides();
  world.add(test::service("headless", {"None"}));
  EXPECT_EQ(meaning(world, "pod-0.headless.default.svc.cluster.local"),
            "headless.default.svc.cluster.local");
  EXPECT_EQ(meaning(world, "pod-0.headless"), "headless.default.svc.cluster.local");
}

TEST(VirtualHosts, AliasOfTheSamePortBelongsToTheRuleThatNamesIt) {
  auto alias = test::service("alias", {}, {{"http", 80}});
  alias.type = "ExternalName";
  alias.external_name = kHost;
  auto world = whereHostDecides();
  world.add(alias);
  EXPECT_EQ(meaning(world, "alias"), kHost);
  world.add(about("alias", 201));
  EXPECT_EQ(meaning(world, "alias"), "default/vs");
  EXPECT_EQ(meaning(world, "alias.default"), "default/vs");
  EXPECT_EQ(meaning(world, "product-api"), kHost);
}

TEST(VirtualHosts, AliasMeansWhatItStandsForUnlessARuleNamesIt) {
  auto alias = test::service("alias", {}, {});
  alias.type = "ExternalName";
  alias.external_name = kHost;
  auto world = whereHostDecides();
  world.add(alias);
  EXPECT_EQ(meaning(world, "alias"), kHost);
  EXPECT_EQ(meaning(world, "alias.default.svc.cluster.local"), kHost);
  world.add(about("alias", 201));
  EXPECT_EQ(meaning(world, "alias.default.svc.cluster.local"), "default/vs");
  EXPECT_EQ(meaning(world, "alias"), kHost);
}

TEST(VirtualHosts, ServicesThatTheClientMayNotSeeMeanNothingToIt) {
  auto hidden = test::service("hidden", {"10.96.0.12"});
  hidden.metadata.annotations["networking.istio.io/exportTo"] = ".";
  auto world = whereHostDecides().add(hidden);
  EXPECT_EQ(meaning(world, "hidden.default", 80, "shop/web"), "");
  EXPECT_EQ(meaning(world, "hidden"), "hidden.default.svc.cluster.local");
}

TEST(VirtualHosts, EntriesAreMeantByNameAndNotByTheirRange) {
  auto world = whereHostDecides();
  world.add(test::entry("net.partner.example", "HTTP", 80, {"192.0.2.1"}, {"203.0.113.0/24"}));
  EXPECT_EQ(meaning(world, "net.partner.example"), "net.partner.example");
  EXPECT_EQ(meaning(world, "203.0.113.77"), "");
}

}  // namespace
}  // namespace sluice::routing
