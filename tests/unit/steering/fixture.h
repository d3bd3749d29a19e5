// SPDX-License-Identifier: Apache-2.0
// Steering over tables in memory, and the configurations that its tests load.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/memory_data_plane.h"
#include "tests/unit/routing/builders.h"
#include "tests/unit/steering/reader.h"
#include "userspace/routing/resolve.h"
#include "userspace/steering/steering.h"

namespace sluice::steering {

using test::MemoryDataPlane;
using test::meta;
using test::Reader;
using test::World;

inline constexpr const char* kVip = "10.96.0.10";
inline constexpr Duration kGrace = std::chrono::seconds(60);

/// 100 - `share` percent of product-api's connections to v1, `share` percent to v2.
inline World split(uint32_t share) {
  auto world = test::productApi();
  auto service = test::virtualService(meta("product-api"), {"product-api"},
                                      {test::route({test::to("product-api", "v1", 100 - share),
                                                    test::to("product-api", "v2", share)})});
  service.metadata.annotations["sluice.io/split"] = "connection";
  return world.add(service);
}

inline World onlyTo(const std::string& subset) {
  return test::productApi().add(test::virtualService(
      meta("product-api"), {"product-api"}, {test::route({test::to("product-api", subset)})}));
}

/// Connections of `web` go to v2, of everybody else to v1.
inline World splitByClient() {
  HttpMatchRequest web;
  web.source_labels = {{"app", "web"}};
  return test::productApi()
      .add(test::virtualService(meta("product-api"), {"product-api"},
                                {test::route({test::to("product-api", "v2")}, {web}),
                                 test::route({test::to("product-api", "v1")})}))
      .add(test::workload("web", "default", {{"app", "web"}}));
}

class SteeringTest : public testing::Test {
 protected:
  void SetUp() override { restart(); }

  /// A new agent over the same tables.
  void restart(Options options = {}) {
    auto made = Steering::create(tables, clock, options);
    ASSERT_TRUE(made.ok()) << made.error().message();
    steering = *std::move(made);
  }

  std::vector<Refusal> load(const World& world) {
    routing = routing::resolve(world.snapshot);
    auto refused = steering->stage(routing);
    EXPECT_TRUE(refused.ok());
    EXPECT_TRUE(steering->publish().ok());
    return refused.ok() ? *refused : std::vector<Refusal>{};
  }

  void passGrace() {
    clock.advance(kGrace);
    ASSERT_TRUE(steering->retire().ok());
  }

  std::string see(uint32_t client_class = 0) { return Reader(tables).see(kVip, 80, client_class); }
  ClientClass classOf(const std::string& workload) { return routing.workload_class.at(workload); }

  MemoryDataPlane tables;
  sluice::test::ManualClock clock;
  routing::Routing routing;
  std::unique_ptr<Steering> steering;
};

}  // namespace sluice::steering
