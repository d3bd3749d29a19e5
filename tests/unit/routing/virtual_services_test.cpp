// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/virtual_services.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::addresses;
using test::exported;
using test::meta;
using test::routeOf;
using test::sendTo;
using testing::ElementsAre;

TEST(VirtualServices, WithoutRulesTheServiceIsItsOwnDestination) {
  const auto route = routeOf(test::productApi());
  EXPECT_EQ(route->rules->front().index, -1);
  EXPECT_EQ(route->path, Path::kConnect);
  EXPECT_THAT(addresses(route->plain),
              ElementsAre("10.1.0.1:8080", "10.1.0.2:8080", "10.1.0.3:8080"));
}

TEST(VirtualServices, OldestOfOneHostWinsWhole) {
  auto world = test::productApi();
  world.add(sendTo(meta("young", "default", 5), "v2")).add(sendTo(meta("old", "third", 2), "v1"));
  EXPECT_EQ(routeOf(world)->virtual_service, "third/old");
}

TEST(VirtualServices, RuleWithoutAnAgeIsTheYoungest) {
  auto ageless = meta("a");
  ageless.creation_timestamp.reset();
  auto world = test::productApi();
  world.add(sendTo(ageless, "v2")).add(sendTo(meta("b", "default", 900), "v1"));
  EXPECT_EQ(routeOf(world)->virtual_service, "default/b");
}

TEST(VirtualServices, ExactHostBeatsOlderWildcard) {
  auto world = test::productApi();
  world.add(sendTo(meta("wild", "default", 1), "v2", "*.default.svc.cluster.local"))
      .add(sendTo(meta("exact", "default", 2), "v1"));
  EXPECT_EQ(routeOf(world)->virtual_service, "default/exact");
}

TEST(VirtualServices, PrivateBeatsOlderPublicOneForItsNamespaceAlone) {
  auto world = test::productApi();
  world.add(sendTo(meta("old", "default", 1), "v1"))
      .add(exported(sendTo(meta("mine", "shop", 2), "v2"), {"."}));
  EXPECT_EQ(routeOf(world, "shop/web")->virtual_service, "shop/mine");
  EXPECT_EQ(routeOf(world, "default/web")->virtual_service, "default/old");
}

TEST(VirtualServices, ExportedByNameBeatsOlderPublicOneAndPrivateBeatsIt) {
  auto world = test::productApi();
  world.add(sendTo(meta("old", "default", 1), "v1"))
      .add(exported(sendTo(meta("named", "other", 2), "v2"), {"shop"}));
  EXPECT_EQ(routeOf(world, "shop/web")->virtual_service, "other/named");
  world.add(exported(sendTo(meta("mine", "shop", 3), "v2"), {"."}));
  EXPECT_EQ(routeOf(world, "shop/web")->virtual_service, "shop/mine");
}

TEST(VirtualServices, GatewayRulesAreNotForTheMesh) {
  auto service = sendTo(meta("edge"), "v2");
  service.gateways = {"istio-system/ingress"};
  auto world = test::productApi();
  EXPECT_EQ(routeOf(world.add(service))->virtual_service, "");
}

}  // namespace
}  // namespace sluice::routing
