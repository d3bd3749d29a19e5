// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/balancer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "maps/lib/alias.h"
#include "maps/lib/hash.h"
#include "tests/support/memory_data_plane.h"
#include "tests/support/statistics.h"
#include "userspace/balance/client_spread.h"

namespace sluice::proxy {
namespace {

using routing::BalancePolicy;

constexpr int kDraws = 20000;

class Balancing : public testing::Test {
 protected:
  /// Endpoints 1, 2, … with these shares.
  static ProxyCluster cluster(BalancePolicy policy, const std::vector<uint32_t>& shares) {
    auto described = std::make_shared<routing::Cluster>();
    described->policy = policy;
    ProxyCluster made;
    made.cluster = described;
    for (uint32_t id = 1; id <= shares.size(); ++id) made.endpoints.push_back({{}, {id}, {9}});
    const auto spread = *balance::spreadOver(shares);
    made.even = spread.even;
    if (!spread.alike) made.choice = spread.slots;
    return made;
  }
  EndpointId pick(const ProxyCluster& cluster, WorkloadId client = {1},
                  const std::vector<EndpointId>& tried = {}) {
    return balancer_.pick(cluster, tried, {client})->id;
  }
  /// How often each of `cluster`'s endpoints is picked; each request is over before the next.
  std::vector<uint64_t> counts(const ProxyCluster& cluster) {
    std::vector<uint64_t> result(cluster.endpoints.size());
    for (int i = 0; i < kDraws; ++i) ++result[pick(cluster).value - 1];
    return result;
  }

  /// Endpoints 1, 2, … with these priorities and weights; all traffic goes to the first priority.
  static ProxyCluster ofPriorities(const std::vector<std::pair<uint32_t, uint32_t>>& members) {
    std::vector<uint32_t> shares;
    for (const auto& [priority, weight] : members) shares.push_back(priority == 0 ? weight : 0);
    auto made = cluster(BalancePolicy::kRandom, shares);
    auto described = std::make_shared<routing::Cluster>();
    for (size_t i = 0; i < members.size(); ++i) {
      auto& address = made.endpoints[i].address;
      address.port = static_cast<uint16_t>(i + 1);
      described->endpoints.push_back({.address = address,
                                      .pod = "",
                                      .weight = members[i].second,
                                      .priority = members[i].first});
    }
    made.cluster = described;
    return made;
  }

  sluice::test::MemoryDataPlane tables_;
  SystemRandom random_{42};
  Balancer balancer_{random_, tables_};
};

TEST_F(Balancing, OtherPrioritiesAreTakenInTheirOrder) {
  const auto cluster = ofPriorities({{0, 1}, {1, 1}, {2, 1}, {0, 1}});
  const auto beyond = [&](const std::vector<EndpointId>& tried) {
    const auto* endpoint = balancer_.pickOfOtherPriority(cluster, tried);
    return endpoint == nullptr ? 0 : endpoint->id.value;
  };
  EXPECT_EQ(beyond({{1}, {4}}), 2u);
  EXPECT_EQ(beyond({{1}, {1}, {2}}), 3u);
  EXPECT_EQ(beyond({{4}, {2}, {3}}), 0u);
}

TEST_F(Balancing, EndpointsOfAnotherPriorityAreTakenByWeight) {
  const auto cluster = ofPriorities({{0, 1}, {1, 1}, {1, 4}});
  std::array<uint64_t, 2> found{};
  const std::vector<EndpointId> tried = {{1}};
  for (int i = 0; i < kDraws; ++i)
    ++found[balancer_.pickOfOtherPriority(cluster, tried)->id.value - 2];
  EXPECT_GT(sluice::test::goodnessOfFit(found, std::array{0.2, 0.8}), sluice::test::kSignificance);
}

TEST_F(Balancing, SharesAreExactUnderEveryPolicy) {
  for (const auto policy :
       {BalancePolicy::kRandom, BalancePolicy::kRoundRobin, BalancePolicy::kLeastRequest}) {
    const auto found = counts(cluster(policy, {1, 4, 0}));
    EXPECT_EQ(found[2], 0u) << static_cast<int>(policy);
    EXPECT_GT(sluice::test::goodnessOfFit(std::array{found[0], found[1]}, std::array{0.2, 0.8}),
              sluice::test::kSignificance)
        << static_cast<int>(policy);
  }
}

TEST_F(Balancing, LoadDoesNotBendSharesThatDiffer) {
  const auto uneven = cluster(BalancePolicy::kLeastRequest, {1, 4});
  for (int i = 0; i < 100; ++i) balancer_.started({2});
  const auto found = counts(uneven);
  EXPECT_GT(sluice::test::goodnessOfFit(found, std::array{0.2, 0.8}), sluice::test::kSignificance);
}

TEST_F(Balancing, LeastRequestLooksAtTheLoadOfThoseThatGetSomething) {
  const auto even = cluster(BalancePolicy::kLeastRequest, {1, 1, 0});
  balancer_.started({1});
  const auto found = counts(even);
  EXPECT_EQ(found[2], 0u);
  // The busy one only when both choices fall on it.
  EXPECT_GT(sluice::test::goodnessOfFit(std::array{found[0], found[1]}, std::array{0.25, 0.75}),
            sluice::test::kSignificance);
}

TEST_F(Balancing, WorkersSeeEachOthersRequestsAndTheKernelDoes) {
  const auto even = cluster(BalancePolicy::kLeastRequest, {1, 1});
  Balancer other(random_, tables_);
  for (int i = 0; i < 3; ++i) other.started({1});
  const auto found = counts(even);
  EXPECT_GT(sluice::test::goodnessOfFit(std::array{found[0], found[1]}, std::array{0.25, 0.75}),
            sluice::test::kSignificance);
  const maps::View<Table::kEndpointLoad> shared(tables_);
  EXPECT_EQ(shared.get(1)->requests, 3u);
  for (int i = 0; i < 3; ++i) other.finished({1});
  EXPECT_EQ(shared.get(1)->requests, 0u);
  other.finished({1});
  EXPECT_EQ(shared.get(1)->requests, 0u) << "of a request that the table has forgotten";
}

TEST_F(Balancing, AClientKeepsItsEndpointUntilThatFails) {
  const auto four = cluster(BalancePolicy::kClient, {1, 1, 1, 1});
  std::map<uint32_t, int> homes;
  for (uint64_t client = 1; client <= 100; ++client) {
    const auto home = pick(four, {client});
    EXPECT_EQ(pick(four, {client}), home);
    ++homes[home.value];
  }
  EXPECT_EQ(homes.size(), 4u);
  const auto home = pick(four, {7});
  int others = 0;
  for (int i = 0; i < 100; ++i) others += pick(four, {7}, {home}) != home ? 1 : 0;
  EXPECT_GT(others, 90) << "another is drawn, five times at most";
}

TEST_F(Balancing, AClientIsDrawnAsTheKernelDraws) {
  auto three = cluster(BalancePolicy::kClient, {1, 1, 1});
  three.choice =
      balance::spreadByClient(std::vector<balance::MaglevMember>{{"a"}, {"b"}, {"c"}})->slots;
  const auto count = static_cast<uint32_t>(three.choice.size());
  for (uint64_t client = 1; client <= 200; ++client)
    EXPECT_EQ(pick(three, {client}).value,
              1 + alias_pick(three.choice.data(), count, mix64(client)));
}

/// By the hash of the request, all members alike.
ProxyCluster hashed(ProxyCluster cluster) {
  const std::vector<balance::MaglevMember> members = {{"a"}, {"b"}, {"c"}, {"d"}};
  cluster.by_hash = std::make_shared<const balance::MaglevTable>(
      *balance::MaglevTable::of(members, balance::MaglevTable::kDefaultSize));
  return cluster;
}

TEST_F(Balancing, ARequestKeepsItsEndpointByItsHash) {
  const auto four = hashed(cluster(BalancePolicy::kRequest, {1, 1, 1, 1}));
  std::map<uint32_t, int> homes;
  for (uint64_t hash = 0; hash < 400; ++hash) {
    const auto* home = balancer_.pick(four, {}, {{1}, mix64(hash)});
    EXPECT_EQ(balancer_.pick(four, {}, {{2}, mix64(hash)}), home);
    ++homes[home->id.value];
  }
  for (const auto& [id, count] : homes) EXPECT_GT(count, 60) << id;
  EXPECT_EQ(homes.size(), 4u);
}

TEST_F(Balancing, AnotherAttemptLeadsElsewhereAndToTheSamePlaceEachTime) {
  const auto four = hashed(cluster(BalancePolicy::kRequest, {1, 1, 1, 1}));
  int others = 0;
  for (uint64_t hash = 0; hash < 100; ++hash) {
    const Caller caller{{1}, mix64(hash)};
    const std::vector<EndpointId> tried = {balancer_.pick(four, {}, caller)->id};
    const auto* other = balancer_.pick(four, tried, caller);
    others += other->id != tried[0] ? 1 : 0;
    EXPECT_EQ(balancer_.pick(four, tried, caller), other);
  }
  EXPECT_GT(others, 90);
}

TEST_F(Balancing, RequestsWithoutAHashGoAnywhere) {
  const auto found = counts(hashed(cluster(BalancePolicy::kRequest, {1, 1, 1, 1})));
  EXPECT_GT(sluice::test::goodnessOfFit(found, std::array{0.25, 0.25, 0.25, 0.25}),
            sluice::test::kSignificance);
}

}  // namespace
}  // namespace sluice::proxy
