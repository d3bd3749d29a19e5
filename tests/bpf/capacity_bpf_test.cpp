// SPDX-License-Identifier: Apache-2.0
// Small tables: what fits is steered, what does not is refused by name and changes nothing.
#include <bpf/bpf.h>

#include "loader/capacity.h"
#include "tests/bpf/kernel_test.h"
#include "tests/support/manual_clock.h"
#include "tests/support/process.h"
#include "tests/unit/routing/builders.h"
#include "userspace/routing/resolve.h"
#include "userspace/steering/steering.h"

namespace sluice::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SmallMaps : public KernelTest {
 protected:
  /// Programs with new maps of this capacity, or with those that are pinned.
  void startWith(const loader::Capacity& capacity) {
    steering_.reset();
    kernel_.reset();
    auto kernel = loader::Kernel::load({.pin_root = pins_, .capacity = capacity});
    ASSERT_TRUE(kernel.ok()) << kernel.error().message();
    kernel_ = *std::move(kernel);
    ASSERT_TRUE(kernel_->attach(kWorkload, cgroup_fd_.get()).ok());
    setWorkload();
    auto steering = steering::Steering::create(kernel_->dataPlane(), clock_);
    ASSERT_TRUE(steering.ok()) << steering.error().message();
    steering_ = *std::move(steering);
  }

  void startAnew(const loader::Capacity& capacity) {
    steering_.reset();
    kernel_.reset();
    ASSERT_TRUE(loader::Kernel::uninstall(pins_).ok());
    ASSERT_NO_FATAL_FAILURE(startWith(capacity));
  }

  /// Names of the services that were refused.
  std::vector<std::string> steer(const World& world) {
    std::vector<std::string> names;
    routing_ = routing::resolve(world.snapshot);
    const auto refused = steering_->stage(routing_);
    EXPECT_TRUE(refused.ok());
    EXPECT_TRUE(steering_->publish().ok());
    for (const auto& [service, error, key] : *refused) {
      names.push_back(service);
      EXPECT_EQ(error.code(), Error::Code::kExhausted);
    }
    return names;
  }

  /// Of the map of that name that was made last; 0: there is none.
  static uint32_t entriesOfNewest(std::string_view name) {
    uint32_t entries = 0;
    // Ids are given in ascending order.
    for (uint32_t id = 0; bpf_map_get_next_id(id, &id) == 0;) {
      const Fd map(bpf_map_get_fd_by_id(id));
      bpf_map_info info{};
      uint32_t size = sizeof(info);
      if (map && bpf_obj_get_info_by_fd(map.get(), &info, &size) == 0 && name == info.name)
        entries = info.max_entries;
    }
    return entries;
  }

  /// Its address is 10.96.1.`number`; it has a server at 127.0.1.`number`.
  Listener addService(World& world, const std::string& name, int number) {
    const auto last = std::to_string(number);
    auto server = listen("127.0.1." + last);
    world.add(service(name, {"10.96.1." + last}))
        .addEndpoint(name, "127.0.1." + last, {}, server.address.port);
    return server;
  }

  ManualClock clock_;
  routing::Routing routing_;  ///< steering borrows it
  std::unique_ptr<steering::Steering> steering_;
};

constexpr loader::Capacity kTwo{2, 2};

TEST_F(SmallMaps, SteerWhatFitsAndRefuseTheRestByName) {
  ASSERT_NO_FATAL_FAILURE(startAnew(kTwo));
  World world;
  const auto a = addService(world, "a", 1);
  const auto b = addService(world, "b", 2);
  const auto c = addService(world, "c", 3);
  EXPECT_THAT(steer(world), ElementsAre("c.default.svc.cluster.local:80/v4"));
  connected(at("10.96.1.1", 80));
  connected(at("10.96.1.2", 80));
  EXPECT_EQ(a.drain(), 1U);
  EXPECT_EQ(b.drain(), 1U);
  EXPECT_EQ(connectTo(clientSocket(), at("10.96.1.3", 80)), ENETUNREACH) << "left alone";
  EXPECT_EQ(reason(REASON_NO_SERVICE), 1U);
}

TEST_F(SmallMaps, LeaveAServiceThatOutgrowsThemAsItWas) {
  ASSERT_NO_FATAL_FAILURE(startAnew(kTwo));
  World world;
  const auto a = addService(world, "a", 1);
  const auto b = addService(world, "b", 2);
  ASSERT_THAT(steer(world), IsEmpty());
  const auto another = listen("127.0.1.9");
  world.addEndpoint("a", "127.0.1.9", {}, another.address.port);
  EXPECT_THAT(steer(world), ElementsAre("a.default.svc.cluster.local:80/v4"));
  for (int i = 0; i < 20; ++i) connected(at("10.96.1.1", 80));
  EXPECT_EQ(a.drain(), 20U);
  EXPECT_EQ(another.drain(), 0U);
}

TEST_F(SmallMaps, HaveRoomAgainWhenSomethingGoes) {
  ASSERT_NO_FATAL_FAILURE(startAnew(kTwo));
  World before;
  addService(before, "a", 1);
  addService(before, "b", 2);
  ASSERT_THAT(steer(before), IsEmpty());
  ASSERT_THAT(steer(World()), IsEmpty());
  clock_.advance(steering::Options().grace);
  ASSERT_TRUE(steering_->retire().ok());
  World after;
  const auto c = addService(after, "c", 3);
  EXPECT_THAT(steer(after), IsEmpty());
  connected(at("10.96.1.3", 80));
  EXPECT_EQ(c.drain(), 1U);
}

TEST_F(SmallMaps, ThatArePinnedStayAsTheyAre) {
  ASSERT_NO_FATAL_FAILURE(startAnew(kTwo));
  World world;
  const auto a = addService(world, "a", 1);
  ASSERT_THAT(steer(world), IsEmpty());
  ASSERT_NO_FATAL_FAILURE(startWith({}));
  EXPECT_EQ(kernel_->dataPlane().capacity(Table::kServices), 2U);
  EXPECT_EQ(kernel_->dataPlane().capacity(Table::kEndpoints), 3U);
  connected(at("10.96.1.1", 80));
  EXPECT_EQ(a.drain(), 1U) << "with what they hold";
  addService(world, "b", 2);
  addService(world, "c", 3);
  EXPECT_THAT(steer(world), ElementsAre("c.default.svc.cluster.local:80/v4"));
  ASSERT_NO_FATAL_FAILURE(startAnew({}));
  EXPECT_EQ(kernel_->dataPlane().capacity(Table::kServices), uint32_t{SLUICE_MAX_SERVICES});
}

/// The types of the maps (BTF) are there.
TEST_F(SmallMaps, HaveATurnForEachClusterThatIsPinned) {
  const auto clusters = view<Table::kClusters>().capacity();
  ASSERT_NO_FATAL_FAILURE(startWith(kTwo));
  EXPECT_EQ(view<Table::kClusters>().capacity(), clusters);
  EXPECT_EQ(entriesOfNewest("turns"), clusters);
}

TEST_F(SmallMaps, AreDumpedByBpftoolWithTheNamesOfTheirFields) {
  ASSERT_NO_FATAL_FAILURE(startAnew({1, 1}));
  const auto dumped = [&](const char* map) {
    const auto pin = pins_ / std::to_string(SLUICE_SCHEMA) / map;
    const auto out = runChecked({"bpftool", "map", "dump", "pinned", pin});
    EXPECT_TRUE(out.ok()) << out.error().message();
    return out ? *out : std::string();
  };
  for (const char* counters : {"service_stats", "cluster_stats", "ep_stats"})
    EXPECT_THAT(dumped(counters), HasSubstr("\"established\": 0")) << counters;
  for (const char* counters : {"service_reqs", "cluster_reqs", "ep_reqs"})
    EXPECT_THAT(dumped(counters), HasSubstr("\"upstream_connections\": 0")) << counters;
  EXPECT_THAT(dumped("reasons"), HasSubstr("\"key\": 63"));
  EXPECT_THAT(dumped("control"), HasSubstr("\"heartbeat_ns\": 0"));
}

}  // namespace
}  // namespace sluice::test
