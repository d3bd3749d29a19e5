// SPDX-License-Identifier: Apache-2.0
// A rollout over tables in memory, with workers that are ready when the test says so.
#pragma once

#include <gtest/gtest.h>

#include "maps/tables.hpp"
#include "tests/support/dns_server.h"
#include "tests/support/memory_data_plane.h"
#include "tests/unit/agent/support.h"
#include "tests/unit/routing/builders.h"
#include "userspace/agent/rollout.h"
#include "userspace/steering/workload_id.h"

namespace sluice::agent {

using namespace std::chrono_literals;
using proxy::ProxyConfig;
using test::exact;
using test::header;
using test::meta;
using test::World;

/// Remembers what it is given; the test lets the workers be ready.
class FakeFleet final : public Fleet {
 public:
  void setConfig(std::shared_ptr<const ProxyConfig> config, std::function<void()> done) override {
    configs.push_back(std::move(config));
    waiting.push_back(std::move(done));
  }
  Result<void> listen(WorkloadId workload, const Enrolled&) override {
    if (refuse) return Error(Error::Code::kExhausted, "no descriptor is left");
    listening.push_back(workload);
    return {};
  }
  void unlisten(WorkloadId workload) override { std::erase(listening, workload); }
  void connections(std::function<void(std::vector<proxy::ConnectionInfo>)> answer) override {
    answer({});
  }
  void comeRound(std::function<void()> done) override { waiting.push_back(std::move(done)); }
  proxy::WorkerStats stats() const override { return {}; }
  void drain(Duration, std::function<void()> done) override { done(); }

  void acknowledge() {
    for (auto& done : std::exchange(waiting, {})) done();
  }

  std::vector<std::shared_ptr<const ProxyConfig>> configs;
  std::vector<std::function<void()>> waiting;
  std::vector<WorkloadId> listening;
  bool refuse = false;
};

inline std::shared_ptr<const Snapshot> snapshot(World world, uint64_t revision) {
  world.snapshot.revision = revision;
  return std::make_shared<const Snapshot>(std::move(world.snapshot));
}

/// product-api, all of it to one subset; with a condition, so that the proxy is needed.
inline World routedTo(const std::string& subset) {
  auto world = test::productApi();
  world.add(test::workload("web"));
  world.add(test::virtualService(
      meta("product-api"), {"product-api"},
      {test::route({test::to("product-api", subset)}, {header("user-group", exact("beta"))}),
       test::route({test::to("product-api", subset)})}));
  return world;
}

class RolloutTest : public testing::Test {
 protected:
  static std::unique_ptr<steering::Steering> makeSteering(DataPlane& data_plane,
                                                          const Clock& clock) {
    auto made = steering::Steering::create(data_plane, clock);
    EXPECT_TRUE(made.ok());
    return *std::move(made);
  }

  void pass(Duration time) {
    clock_.advance(time);
    reactor_->runOnce(0ms);
    reactor_->runOnce(0ms);
  }

  void applyNow(const std::shared_ptr<const Snapshot>& next) {
    rollout_.apply(next);
    fleet_.acknowledge();
    fleet_.acknowledge();
  }

  static Enrolled enrolledAt(uint16_t port) {
    Enrolled enrolled;
    enrolled.netns_cookie = 9;
    enrolled.listener4_port = port;
    enrolled.alive_port = 3;
    return enrolled;
  }

  Result<workload> record() { return maps::View<Table::kWorkloads>(data_plane_).get(web_.value); }

  size_t services() {
    size_t count = 0;
    EXPECT_TRUE(maps::View<Table::kServices>(data_plane_)
                    .visit([&](const service_key&, const service&) { ++count; })
                    .ok());
    return count;
  }

  const WorkloadId web_ = steering::workloadId("default/web");
  sluice::test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  test::MemoryDataPlane data_plane_;
  FakeFleet fleet_;
  std::unique_ptr<steering::Steering> steering_ = makeSteering(data_plane_, clock_);
  test::DnsServer dns_{*reactor_};
  Rollout rollout_{*reactor_, data_plane_, *steering_, fleet_, {.servers = {dns_.address()}}};
};

}  // namespace sluice::agent
