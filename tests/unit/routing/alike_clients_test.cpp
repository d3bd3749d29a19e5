// SPDX-License-Identifier: Apache-2.0
// Clients that differ in something which only a seldom look-up sees: each must get its own.
#include <gtest/gtest.h>

#include "tests/unit/routing/resolved.h"
#include "tests/unit/routing/same_routing.h"
#include "userspace/routing/resolver.h"

namespace sluice::routing {
namespace {

using test::answer;
using test::meta;
using test::RoutingDifference;
using test::whereHostDecides;
using test::World;

/// A workload with a label, in a namespace of its own.
World withClient(World world) {
  world.add(test::workload("web", "shop", {{"app", "web"}}));
  return world;
}

HttpMatchRequest fromWeb() {
  HttpMatchRequest match;
  match.source_labels = {{"app", "web"}};
  return match;
}

/// The client's table has something of its own, and all of that.
void expectItsOwn(const World& world) {
  const auto snapshot = std::make_shared<const Snapshot>(withClient(world).snapshot);
  const auto shared = Resolver().update(snapshot);
  const auto alone = Resolver({}, Resolver::Share::kNothing).update(snapshot);
  EXPECT_EQ(RoutingDifference::between(*shared, *alone), "");

  auto unlike = *alone;
  const auto number = alone->workload_class.at("shop/web");
  ASSERT_NE(number, ClientClass{});
  auto& table = unlike.tables.at(number);
  const auto [client_class, class_name] = std::pair(table.client_class, table.class_name);
  table = unlike.tables.at({});
  table.client_class = client_class;
  table.class_name = class_name;
  EXPECT_NE(RoutingDifference::between(unlike, *alone), "") << "nothing tells the clients apart";
}

TEST(AlikeClients, RulesOfAHostThatIsNoService) {
  expectItsOwn(whereHostDecides().add(
      test::virtualService(meta("vs"), {"nobody.example"}, {answer(418, {fromWeb()})})));
}

TEST(AlikeClients, ServicesBelowAWildcardOfRules) {
  auto hidden = test::entry("www.example", "HTTP", 80, {"192.0.2.1"});
  hidden.metadata.namespace_ = "shop";
  hidden.export_to = {"."};
  expectItsOwn(whereHostDecides()
                   .add(hidden)
                   .add(test::virtualService(meta("www"), {"www.example"}, {answer(419)}))
                   .add(test::virtualService(meta("vs"), {"*.example"}, {answer(418)})));
}

TEST(AlikeClients, ConnectionRulesBelowAWildcardOfServices) {
  VirtualService rules = test::virtualService(meta("vs"), {"www.example"}, {});
  TlsMatch match;
  match.sni_hosts = {"www.example"};
  match.source_labels = {{"app", "web"}};
  rules.tls = {TlsRoute{{match}, {test::to("product-api")}}};
  auto wildcard = test::entry("*.example", "TLS", 443, {});
  wildcard.resolution = ServiceEntry::Resolution::kNone;
  expectItsOwn(test::productApi().add(wildcard).add(rules));
}

/// Its host is of a namespace, it is not: a rule of that namespace is then for its clients alone.
TEST(AlikeClients, AServiceEntryForAHostOfAnotherNamespace) {
  auto entry = test::entry("db.shop.svc.cluster.local", "HTTP", 80, {"192.0.2.1"});
  DestinationRule rule;
  rule.metadata = meta("dr", "shop");
  rule.host = "db";
  rule.traffic_policy.emplace();
  rule.traffic_policy->outlier_detection.emplace();
  expectItsOwn(World().add(entry).add(rule));
}

}  // namespace
}  // namespace sluice::routing
