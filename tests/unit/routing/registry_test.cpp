// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/registry.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::addresses;
using test::routeOf;
using test::World;
using testing::ElementsAre;

TEST(Registry, ProtocolComesFromAppProtocolThenTheName) {
  const auto protocol = [](std::string name, std::string app = "", uint16_t number = 80) {
    return protocolOf({std::move(name), number, "", "TCP", std::move(app)});
  };
  EXPECT_EQ(protocol("http-web"), Protocol::kHttp);
  EXPECT_EQ(protocol("http", "tcp"), Protocol::kTcp);
  EXPECT_EQ(protocol("tcp", "kubernetes.io/h2c"), Protocol::kHttp2);
  EXPECT_EQ(protocol("grpc-web-x"), Protocol::kHttp);
  EXPECT_EQ(protocol("GRPC"), Protocol::kGrpc);
  EXPECT_EQ(protocol("https"), Protocol::kTls);
  EXPECT_EQ(protocol("x", "", 3306), Protocol::kTcp);
  EXPECT_EQ(protocol("x"), Protocol::kUnknown);
}

TEST(Registry, OnlyReadyEndpointsOfKnownPodsAndEachOnce) {
  auto world = test::productApi();
  world.addEndpoint("product-api", "10.1.0.1", {{"version", "v1"}});  // in a second slice
  EndpointSlice slice = *world.snapshot.endpoint_slices.front();
  auto& endpoint = slice.endpoints.front();
  endpoint.addresses = {"10.1.0.7"};
  endpoint.ready = false;
  auto unknown = slice;
  unknown.endpoints.front().ready = true;
  unknown.endpoints.front().target_name = "not-yet-seen";
  auto other_port = *world.snapshot.endpoint_slices.front();
  other_port.ports.front().name = "metrics";
  other_port.endpoints.front().addresses = {"10.1.0.8"};
  world.add(slice).add(unknown).add(other_port);
  EXPECT_THAT(addresses(routeOf(world)->plain),
              ElementsAre("10.1.0.1:8080", "10.1.0.2:8080", "10.1.0.3:8080"));
}

TEST(Registry, HeadlessAndExternalServicesAreInNoTable) {
  World world;
  auto external = test::service("external", {"10.96.0.20"});
  external.type = "ExternalName";
  world.add(test::service("headless", {"None"})).add(external);
  EXPECT_TRUE(resolve(world.snapshot).tables.at({}).services.empty());
}

}  // namespace
}  // namespace sluice::routing
