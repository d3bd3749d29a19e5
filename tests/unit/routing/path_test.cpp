// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/path.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::codes;
using test::guarded;
using test::meta;
using test::routeOf;
using test::sendTo;
using test::World;
using testing::ElementsAre;

TEST(Path, OneDestinationIsConnectAndSeveralAreSplitPerRequest) {
  auto world = test::productApi();
  EXPECT_EQ(routeOf(world.add(sendTo(meta("vs"), "v1")))->path, Path::kConnect);
  auto service = test::virtualService(
      meta("vs"), {"product-api"},
      {test::route({test::to("product-api", "v1", 90), test::to("product-api", "v2", 10)})});
  auto split = test::productApi();
  EXPECT_THAT(codes(routeOf(split.add(service))), ElementsAre("SLU4002"));
  service.metadata.annotations["sluice.io/split"] = "connection";
  auto annotated = test::productApi();
  EXPECT_EQ(routeOf(annotated.add(service))->path, Path::kConnect);
}

TEST(Path, EveryCauseIsAReasonWithItsField) {
  auto service = guarded(test::header("user-group", test::exact("beta")));
  service.http[1].timeout = std::chrono::seconds(1);
  service.http[1].fault = HttpFaultInjection{};
  service.http[1].fault->abort = Abort{503, {1'000'000}};
  auto world = test::productApi();
  const auto route = routeOf(world.add(service));
  EXPECT_EQ(route->path, Path::kProxy);
  EXPECT_THAT(codes(route), ElementsAre("SLU4001", "SLU4003", "SLU4004"));
  EXPECT_EQ(route->reasons[0].field, "spec.http[0].match");
  EXPECT_EQ(route->reasons[2].field, "spec.http[1].timeout");
}

TEST(Path, FaultOfNoRequestIsNone) {
  auto service = sendTo(meta("vs"), "v1");
  service.http[0].fault = HttpFaultInjection{};
  service.http[0].fault->delay = Delay{std::chrono::seconds(5), {0}};
  auto world = test::productApi();
  EXPECT_EQ(routeOf(world.add(service))->path, Path::kConnect);
}

TEST(Path, PassthroughBalancerKeepsTheAddress) {
  auto rule = test::versions(meta("dr"), "product-api");
  rule.traffic_policy = TrafficPolicy{};
  rule.traffic_policy->load_balancer =
      LoadBalancerSettings{LoadBalancerSettings::Simple::kPassthrough};
  World world;
  world.add(test::service("product-api", {"10.96.0.10"})).add(rule);
  const auto route = routeOf(world);
  EXPECT_EQ(route->path, Path::kPassthrough);
  EXPECT_THAT(codes(route), ElementsAre("SLU4009"));
}

TEST(Path, HttpRulesDoNotApplyToOtherProtocols) {
  for (const auto& [name, code] : {std::pair("tcp-db", "SLU4007"), std::pair("", "SLU4006")}) {
    World world;
    world.add(test::service("product-api", {"10.96.0.10"}, {{name, 80}}))
        .add(test::versions(meta("dr"), "product-api"))
        .add(sendTo(meta("vs"), "v1"));
    const auto route = routeOf(world);
    EXPECT_EQ(route->rules.front().index, -1);
    EXPECT_EQ(route->path, Path::kConnect);
    EXPECT_THAT(codes(route), ElementsAre(code));
  }
}

TEST(Path, ConnectOnlyToEndpointsOfTheCalledFamily) {
  World world;
  world.add(test::service("product-api", {"10.96.0.10", "fd00::10"}))
      .addEndpoint("product-api", "10.1.0.1", {});
  const auto route = routeOf(world);
  EXPECT_EQ(route->pathFor(Family::kV4), Path::kConnect);
  EXPECT_EQ(route->pathFor(Family::kV6), Path::kProxy);
  EXPECT_THAT(codes(route), ElementsAre("SLU4005"));
}

}  // namespace
}  // namespace sluice::routing
