// SPDX-License-Identifier: Apache-2.0
#include "userspace/resolve/named_servers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_server.h"
#include "tests/unit/routing/builders.h"
#include "userspace/routing/resolve.h"

namespace sluice::resolve {
namespace {

using test::ip;
using test::meta;
using test::World;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using Resolution = ServiceEntry::Resolution;
using States = std::map<std::string, NameState>;

WorkloadEndpoint at(const std::string& address) {
  WorkloadEndpoint endpoint;
  endpoint.address = address;
  return endpoint;
}

NameState known(const std::vector<std::string>& addresses) {
  NameState state{.addresses = {}, .problem = {}, .tried = true};
  for (const auto& address : addresses) state.addresses.push_back(ip(address));
  return state;
}

ServiceEntry byName(std::vector<std::string> hosts, std::vector<WorkloadEndpoint> endpoints,
                    Resolution resolution = Resolution::kDns) {
  ServiceEntry entry;
  entry.metadata = meta("partner", "shop");
  entry.hosts = std::move(hosts);
  entry.addresses = {"10.96.0.9"};
  entry.ports = {{.number = 80, .protocol = "HTTP", .name = "http", .target_port = 8080}};
  entry.resolution = resolution;
  entry.endpoints = std::move(endpoints);
  return entry;
}

WorkloadEntry server(const std::string& name, const std::string& address) {
  WorkloadEntry workload;
  workload.metadata = meta(name, "shop");
  workload.endpoint = at(address);
  workload.endpoint.labels = {{"app", "db"}};
  return workload;
}

std::shared_ptr<const Snapshot> snapshotOf(ServiceEntry entry) {
  World world;
  world.add(std::move(entry));
  return std::make_shared<const Snapshot>(std::move(world.snapshot));
}

/// "10.0.0.1:8080" of what http requests to the host's port 80 go to.
std::vector<std::string> endpointsOf(const Snapshot& snapshot, const std::string& host) {
  const auto routing = routing::resolve(snapshot);
  const auto* route = routing.tables.at(ClientClass{}).services.find({host, 80});
  std::vector<std::string> endpoints;
  if (route == nullptr) return endpoints;
  for (const auto& endpoint : (*route)->plain->endpoints)
    endpoints.push_back(endpoint.address.text());
  return endpoints;
}

TEST(NamesIn, AreThoseOfEndpointsElseTheHosts) {
  World world;
  world.add(byName({"a.test"}, {at("One.test"), at("10.0.0.1")}));
  world.add(byName({"b.test", "C.test"}, {}));
  world.add(byName({"d.test"}, {at("one.test")}, Resolution::kDnsRoundRobin));
  world.add(byName({"static.test"}, {at("10.0.0.1")}, Resolution::kStatic));
  world.add(byName({"none.test"}, {}, Resolution::kNone));
  EXPECT_THAT(namesIn(world.snapshot),
              ElementsAre(Pair("b.test", Use::kAll), Pair("c.test", Use::kAll),
                          Pair("one.test", Use::kFirst)));
}

TEST(NamesIn, AreThoseOfWorkloadEntriesThatAreSelected) {
  auto entry = byName({"db.test"}, {});
  entry.workload_selector = WorkloadSelector{{{"app", "db"}}};
  World world;
  world.add(std::move(entry));
  auto other = server("other", "other.test");
  other.endpoint.labels = {{"app", "web"}};
  for (const auto& workload : {server("one", "one.test"), server("two", "10.0.0.2"), other})
    world.snapshot.workload_entries.push_back(std::make_shared<const WorkloadEntry>(workload));
  EXPECT_THAT(namesIn(world.snapshot), ElementsAre(Pair("one.test", Use::kAll)));

  const auto snapshot = std::make_shared<const Snapshot>(world.snapshot);
  const auto resolved =
      NamedServers().resolve(snapshot, {{"one.test", known({"10.0.0.1", "10.0.0.3"})}});
  EXPECT_THAT(endpointsOf(*resolved, "db.test"),
              ElementsAre("10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"));
}

TEST(NamedServers, EachAddressIsAServerLikeItsName) {
  auto named = at("One.test");
  named.ports = {{"http", 9000}};
  named.labels = {{"version", "v1"}};
  named.locality = "r/z";
  named.weight = 3;
  const auto snapshot = snapshotOf(byName({"a.test"}, {named, at("10.0.0.9")}));
  const auto resolved =
      NamedServers().resolve(snapshot, {{"one.test", known({"10.0.0.1", "fd00::1"})}});
  const auto& endpoints = resolved->service_entries.front()->endpoints;
  ASSERT_THAT(endpoints, SizeIs(3));
  auto expected = named;
  expected.address = "10.0.0.1";
  EXPECT_EQ(endpoints[0], expected);
  expected.address = "fd00::1";
  EXPECT_EQ(endpoints[1], expected);
  EXPECT_THAT(endpointsOf(*resolved, "a.test"),
              ElementsAre("10.0.0.1:9000", "10.0.0.9:8080", "[fd00::1]:9000"));
}

TEST(NamedServers, RoundRobinTakesTheFirstAddress) {
  const auto snapshot = snapshotOf(byName({"a.test"}, {}, Resolution::kDnsRoundRobin));
  const auto resolved =
      NamedServers().resolve(snapshot, {{"a.test", known({"10.0.0.2", "10.0.0.1"})}});
  EXPECT_THAT(endpointsOf(*resolved, "a.test"), ElementsAre("10.0.0.2:8080"));
}

TEST(NamedServers, WithoutEndpointsEachHostHasItsOwnServers) {
  const auto snapshot = snapshotOf(byName({"a.test", "b.test", "c.test"}, {}));
  const auto resolved = NamedServers().resolve(
      snapshot, {{"a.test", known({"10.0.0.1"})}, {"b.test", known({"10.0.0.2"})}});
  EXPECT_THAT(endpointsOf(*resolved, "a.test"), ElementsAre("10.0.0.1:8080"));
  EXPECT_THAT(endpointsOf(*resolved, "b.test"), ElementsAre("10.0.0.2:8080"));
  EXPECT_THAT(endpointsOf(*resolved, "c.test"), IsEmpty());
}

TEST(NamedServers, NamesWithoutAddressesStay) {
  const auto snapshot = snapshotOf(byName({"a.test"}, {at("one.test")}));
  EXPECT_EQ(NamedServers().resolve(snapshot, {{"one.test", known({})}}), snapshot);
  EXPECT_EQ(NamedServers().resolve(snapshot, {}), snapshot);
}

TEST(NamedServers, WhatStaysTheSameStaysTheSameObject) {
  NamedServers servers;
  World world;
  world.add(byName({"a.test"}, {at("one.test")}));
  world.add(byName({"b.test"}, {at("two.test")}));
  const auto snapshot = std::make_shared<const Snapshot>(world.snapshot);
  States states = {{"one.test", known({"10.0.0.1"})}, {"two.test", known({"10.0.0.2"})}};
  const auto first = servers.resolve(snapshot, states)->service_entries;
  EXPECT_EQ(servers.resolve(snapshot, states)->service_entries, first);

  states["two.test"] = known({"10.0.0.3"});
  const auto second = servers.resolve(snapshot, states)->service_entries;
  EXPECT_EQ(second[0], first[0]);
  EXPECT_NE(second[1], first[1]);
  EXPECT_EQ(servers.resolve(snapshot, {}), snapshot);
}

}  // namespace
}  // namespace sluice::resolve
