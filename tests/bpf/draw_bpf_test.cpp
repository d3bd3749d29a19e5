// SPDX-License-Identifier: Apache-2.0
// A million draws of the kernel over its own tables, beside the exact shares.
#include <bpf/bpf.h>
#include <draw_program.skel.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "tests/bpf/draw/draw_counts.h"
#include "tests/bpf/kernel_test.h"
#include "tests/support/statistics.h"
#include "userspace/balance/alias_table.h"

namespace sluice::test {
namespace {

constexpr uint32_t kDraws = 1'000'000;

/// A cluster of a route: its weight, and those of its endpoints.
struct Part {
  uint32_t weight = 0;
  std::vector<uint32_t> endpoints;
};

class Draws : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    program_.reset(draw_program__open());
    ASSERT_TRUE(program_);
    ASSERT_NO_FATAL_FAILURE(useTables());
    ASSERT_EQ(draw_program__load(program_.get()), 0) << strerror(errno);
    program_->bss->route_id = kRoute;
  }

  void TearDown() override {
    program_.reset();
    KernelTest::TearDown();
  }

  /// The tables of the programs that are attached, not new ones.
  void useTables() {
    constexpr std::array kNames = {
#define TABLE(Name, bpf_name, ...) #bpf_name,
#include "maps/abi/tables.def"
#undef TABLE
    };
    const auto fds = kernel_->mapFds();
    ASSERT_EQ(fds.size(), kNames.size());
    for (size_t i = 0; i < kNames.size(); ++i) {
      auto* map = bpf_object__find_map_by_name(program_->obj, kNames[i]);
      ASSERT_NE(map, nullptr) << kNames[i];
      ASSERT_EQ(bpf_map__reuse_fd(map, fds[i]), 0) << kNames[i];
    }
  }

  /// Clusters 1, 2, …; their endpoints are numbered from 1 through all of them.
  void setRouteOver(const std::vector<Part>& parts, balance_policy policy) {
    std::vector<uint32_t> weights, clusters;
    uint32_t endpoint = 1;
    for (const auto& part : parts) {
      clusters.push_back(static_cast<uint32_t>(clusters.size()) + 1);
      weights.push_back(part.weight);
      std::vector<uint32_t> members(part.endpoints.size());
      std::iota(members.begin(), members.end(), endpoint);
      for (const uint32_t member : members) setEndpoint(member, at("10.9.0.1", 80));
      endpoint += static_cast<uint32_t>(members.size());
      setCluster(clusters.back(), slotsOver(members, part.endpoints), policy);
    }
    setRoute(ROUTE_VIA_ENDPOINT, slotsOver(clusters, weights));
  }

  static std::vector<alias_slot> slotsOver(const std::vector<uint32_t>& ids,
                                           const std::vector<uint32_t>& weights) {
    auto slots = *balance::aliasTable(weights);
    for (auto& slot : slots) slot = {slot.threshold, ids[slot.own], ids[slot.alias]};
    return slots;
  }

  /// A fair kernel is refused once in a million runs: one that is unlucky may draw once more.
  bool isFair(const std::vector<Part>& parts) {
    return fairness(parts) > kSignificance || fairness(parts) > kSignificance;
  }

  /// How likely so unequal draws are of a fair kernel.
  double fairness(const std::vector<Part>& parts) {
    std::vector<double> shares;
    double all = 0;
    for (const auto& part : parts) all += part.weight;
    for (const auto& [weight, endpoints] : parts) {
      const double sum = std::accumulate(endpoints.begin(), endpoints.end(), 0.0);
      for (const uint32_t endpoint : endpoints) shares.push_back(weight / all * endpoint / sum);
    }
    return goodnessOfFit(drawMany(shares.size()), shares);
  }

  /// Counts by endpoint, from the first on.
  std::vector<uint64_t> drawMany(size_t endpoints) {
    std::ranges::fill(program_->bss->drawn, 0);
    std::array<uint8_t, 64> packet{};
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = packet.data();
    options.data_size_in = packet.size();
    options.repeat = kDraws;
    EXPECT_EQ(bpf_prog_test_run_opts(bpf_program__fd(program_->progs.draw), &options), 0);
    const auto* drawn = program_->bss->drawn;
    std::vector<uint64_t> counts(drawn + 1, drawn + 1 + endpoints);
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), uint64_t{0}), kDraws);
    return counts;
  }

  struct Destroy {
    void operator()(draw_program* program) const { draw_program__destroy(program); }
  };
  std::unique_ptr<draw_program, Destroy> program_;
};

TEST_F(Draws, AMillionFollowTheWeightsOfTheRouteAndOfTheEndpoints) {
  const std::vector<Part> parts = {{90, {1, 1, 1}}, {9, {3, 1}}, {1, {5, 2, 1}}};
  setRouteOver(parts, BALANCE_RANDOM);
  EXPECT_TRUE(isFair(parts));
}

TEST_F(Draws, AMillionTurnsFollowTheWeightsOfTheEndpoints) {
  const std::vector<Part> parts = {{90, {7, 2, 1}}, {10, {1, 1}}};
  setRouteOver(parts, BALANCE_ROUND_ROBIN);
  EXPECT_TRUE(isFair(parts));
}

TEST_F(Draws, AMillionChoicesOfTwoAreEvenWhereTheLoadIs) {
  const std::vector<Part> parts = {{90, {1, 1, 1, 1}}, {10, {1, 1, 1}}};
  setRouteOver(parts, BALANCE_LEAST_REQUEST);
  EXPECT_TRUE(isFair(parts));
}

}  // namespace
}  // namespace sluice::test
