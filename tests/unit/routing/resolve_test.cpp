// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/resolve.h"

#include <gmock/gmock.h>

#include <functional>
#include <set>

#include "tests/unit/routing/mesh_fixture.h"
#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::guarded;
using test::kHost;
using test::World;

TEST(Resolve, ClientsThatNoRuleDistinguishesAreClassZero) {
  auto world = test::productApi();
  world.add(test::workload("a", "x", {{"app", "a"}})).add(test::workload("b", "y"));
  const auto routing = resolve(world.snapshot);
  EXPECT_EQ(routing.tables.size(), 1u);
  EXPECT_EQ(routing.workload_class.at("x/a"), ClientClass{});
}

TEST(Resolve, NumberOfAClassDoesNotDependOnOthers) {
  HttpMatchRequest web, batch;
  web.source_labels = {{"app", "web"}};
  batch.source_labels = {{"app", "batch"}};
  auto one = test::productApi();
  one.add(guarded(web)).add(test::workload("web", "default", {{"app", "web"}}));
  auto two = one;
  two.add(guarded(batch)).add(test::workload("batch", "default", {{"app", "batch"}}));
  EXPECT_EQ(resolve(one.snapshot).workload_class.at("default/web"),
            resolve(two.snapshot).workload_class.at("default/web"));
}

TEST(Resolve, RoutesThatAreTheSameForAClassAreTheSameObject) {
  HttpMatchRequest web;
  web.source_labels = {{"app", "web"}};
  auto world = test::productApi();
  world.add(guarded(web))
      .add(test::service("other", {"10.96.0.11"}))
      .add(test::workload("web", "default", {{"app", "web"}}));
  const auto routing = resolve(world.snapshot);
  const auto& common = routing.tables.at({}).services;
  const auto& own = routing.tables.at(routing.workload_class.at("default/web")).services;
  const ServiceKey other{"other.default.svc.cluster.local", 80};
  EXPECT_EQ(common.at(other), own.at(other));
  EXPECT_NE(common.at({kHost, 80}), own.at({kHost, 80}));
}

TEST(Resolve, ServiceThatIsNotExportedIsLeftAlone) {
  auto hidden = test::service("hidden", {"10.96.0.12"});
  hidden.metadata.annotations["networking.istio.io/exportTo"] = "., shop";
  World world;
  world.add(hidden).add(test::workload("web")).add(test::workload("web", "shop"));
  const auto routing = resolve(world.snapshot);
  const ServiceKey key{"hidden.default.svc.cluster.local", 80};
  EXPECT_EQ(routing.tables.at({}).services.at(key)->path, Path::kPassthrough);
  for (const auto* client : {"default/web", "shop/web"})
    EXPECT_EQ(routing.tables.at(routing.workload_class.at(client)).services.at(key)->path,
              Path::kConnect);
}

/// Clients of two nodes, web on node-a and batch on node-b, and how many classes they are.
size_t classesOfTwoNodes(const std::function<void(Service&)>& change) {
  auto stock = test::serviceIn("shop", "stock", "10.96.0.17");
  change(stock);
  test::Mesh mesh;
  mesh.add(stock)
      .add(test::node("node-a", "eu", "a"))
      .add(test::node("node-b", "eu", "b"))
      .add(test::pod("web", "10.1.0.10", {}, "node-a"))
      .add(test::pod("batch", "10.1.0.11", {}, "node-b"))
      .add(test::workload("web", "shop"))
      .add(test::workload("batch", "shop"));
  const auto routing = resolve(mesh.snapshot);
  const std::set classes = {routing.workload_class.at("shop/web"),
                            routing.workload_class.at("shop/batch")};
  return classes.size();
}

TEST(Resolve, WhereAClientRunsMattersToServicesThatSaySo) {
  EXPECT_EQ(classesOfTwoNodes([](Service&) {}), 1U);
  EXPECT_EQ(classesOfTwoNodes([](auto& stock) { stock.internal_traffic_policy = "Local"; }), 2U);
  EXPECT_EQ(classesOfTwoNodes([](auto& stock) { stock.traffic_distribution = "PreferClose"; }), 2U);
}

TEST(ResolveFor, TakesPodsAsClientsAndRefusesStrangers) {
  HttpMatchRequest v1;
  v1.source_labels = {{"version", "v1"}};
  auto world = test::productApi();
  world.add(guarded(v1));
  const auto routing = resolveFor(world.snapshot, "default/product-api-10.1.0.1");
  ASSERT_TRUE(routing.ok());
  EXPECT_NE(routing->workload_class.at("default/product-api-10.1.0.1"), ClientClass{});
  EXPECT_FALSE(resolveFor(world.snapshot, "default/nobody").ok());
}

}  // namespace
}  // namespace sluice::routing
