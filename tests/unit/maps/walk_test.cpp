// SPDX-License-Identifier: Apache-2.0
// The kernel programs' walk, compiled natively over tables in plain memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <map>
#include <random>
#include <vector>

#include "maps/abi/types.h"
#include "tests/support/statistics.h"

namespace {

struct Tables {
  std::map<std::vector<uint8_t>, service> services;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> exceptions;
  std::vector<binding> bindings = std::vector<binding>(8);
  std::vector<route> routes = std::vector<route>(8);
  std::vector<alias_slot> route_slots = std::vector<alias_slot>(8);
  std::vector<cluster_ref> clusters = std::vector<cluster_ref>(8);
  std::vector<alias_slot> cluster_slots = std::vector<alias_slot>(8);
  std::vector<endpoint> endpoints = std::vector<endpoint>(8);
  std::vector<uint64_t> loads = std::vector<uint64_t>(8);
  std::mt19937_64 random{42};
  uint32_t turn = 0;
};

/// What the functions below read: walk.h calls them by name, as the kernel's programs do. Each
/// test has its own.
Tables* tables = nullptr;

template <typename T>
const T* element(const std::vector<T>& array, uint32_t index) {
  return index < array.size() ? &array[index] : nullptr;
}

std::vector<uint8_t> bytesOf(const service_key& key) {
  std::vector<uint8_t> bytes(sizeof(key));
  std::memcpy(bytes.data(), &key, sizeof(key));
  return bytes;
}

const service* table_service(const service_key* key) {
  const auto found = tables->services.find(bytesOf(*key));
  return found == tables->services.end() ? nullptr : &found->second;
}

const uint32_t* table_exception(const exception_key* key) {
  const auto found = tables->exceptions.find({key->service, key->client_class});
  return found == tables->exceptions.end() ? nullptr : &found->second;
}

binding table_binding(uint32_t id) {
  const auto* found = element(tables->bindings, id);
  return found != nullptr ? *found : binding{};
}

cluster_ref table_cluster(uint32_t id) {
  const auto* found = element(tables->clusters, id);
  return found != nullptr ? *found : cluster_ref{};
}

const route* table_route(uint32_t id) { return element(tables->routes, id); }
const alias_slot* table_route_slot(uint32_t i) { return element(tables->route_slots, i); }
const alias_slot* table_cluster_slot(uint32_t i) { return element(tables->cluster_slots, i); }
const endpoint* table_endpoint(uint32_t id) { return element(tables->endpoints, id); }
uint64_t table_load(uint32_t id) { return tables->loads[id]; }
uint64_t next_draw() { return tables->random(); }
uint32_t next_turn(uint32_t) { return tables->turn++; }

}  // namespace

#include "maps/lib/walk.h"

namespace sluice {
namespace {

constexpr uint64_t kAlways = ~uint64_t{0};

class Walk : public ::testing::Test {
 protected:
  void SetUp() override {
    tables = &tables_;
    key_.protocol = IPPROTO_TCP;
    key_.port = htons(80);
    address_set_v4(key_.address, htonl(0x0a600001));
    tables_.services[bytesOf(key_)] = {.id = 3, .binding = 1};
    tables_.bindings[1] = {.route = 2, .shape = 0};
    tables_.routes[2].via = ROUTE_VIA_ENDPOINT;
    for (uint32_t id = 1; id < 8; ++id) {
      tables_.cluster_slots[id - 1] = {kAlways, id, id};
      address_set_v4(tables_.endpoints[id].address, htonl(0x7f000000 + id));
    }
  }
  void TearDown() override { tables = nullptr; }

  /// Of endpoints 1 to `count`.
  void makeCluster(uint32_t id, uint32_t count, balance_policy policy) {
    tables_.clusters[id] = {0, count << 8 | CLUSTER_EXISTS | policy};
  }

  std::vector<uint32_t> choose(uint32_t cluster, int times) {
    std::vector<uint32_t> chosen;
    for (int i = 0; i < times; ++i) {
      EXPECT_EQ(walk_to_endpoint(cluster, 1, &target_), REASON_STEERED);
      chosen.push_back(target_.endpoint_id);
    }
    return chosen;
  }

  Tables tables_;
  service_key key_{};
  target target_{};
};

TEST_F(Walk, FindsServiceBindingAndRoute) {
  ASSERT_EQ(walk_to_route(&key_, 0, &target_), REASON_STEERED);
  EXPECT_EQ(target_.service, 3U);
  EXPECT_EQ(target_.binding, 1U);
  EXPECT_EQ(target_.route_id, 2U);
  EXPECT_EQ(target_.route, &tables_.routes[2]);
}

TEST_F(Walk, BindingSaysTheOnlyCluster) {
  tables_.bindings[1].shape = 6 << 8;
  ASSERT_EQ(walk_to_route(&key_, 0, &target_), REASON_STEERED);
  EXPECT_EQ(target_.route_id, 2U);
  EXPECT_EQ(target_.cluster, 6U);
  EXPECT_EQ(target_.route, nullptr) << "not looked at";
}

TEST_F(Walk, OtherPortsAreNoService) {
  key_.port = htons(81);
  EXPECT_EQ(walk_to_route(&key_, 0, &target_), REASON_NO_SERVICE);
}

TEST_F(Walk, AnyAddressTakesWhatHasNoKeyOfItsOwn) {
  service_key any = key_;
  address_set_v4(any.address, 0);
  tables_.services[bytesOf(any)] = {.id = 4, .binding = 1};
  EXPECT_EQ(walk_service(&key_)->id, 3U);

  address_set_v4(key_.address, htonl(0xc6336407));
  EXPECT_EQ(walk_service(&key_)->id, 4U);
  key_.port = htons(81);
  EXPECT_EQ(walk_service(&key_), nullptr) << "another port";
}

TEST_F(Walk, AnyAddressLeavesThisHostAlone) {
  service_key any = key_;
  address_set_v4(any.address, 0);
  tables_.services[bytesOf(any)] = {.id = 4, .binding = 1};
  EXPECT_EQ(walk_service(&any), nullptr) << "connect() to 0.0.0.0 is one to this host";
  address_set_v4(key_.address, htonl(0x7f000001));
  EXPECT_EQ(walk_service(&key_), nullptr);
  tables_.services[bytesOf(key_)] = {.id = 5, .binding = 1};
  EXPECT_EQ(walk_service(&key_)->id, 5U) << "a service that has this address";
}

TEST_F(Walk, AnyAddressIsOfOneFamily) {
  service_key any{.address = {}, .port = key_.port, .protocol = IPPROTO_TCP, .pad = 0};
  tables_.services[bytesOf(any)] = {.id = 6, .binding = 1};
  address_set_v4(key_.address, htonl(0xc6336407));
  EXPECT_EQ(walk_service(&key_), nullptr);
  key_.address[0] = 0x20;
  key_.address[10] = 0;
  EXPECT_EQ(walk_service(&key_)->id, 6U);
}

TEST_F(Walk, RouteThatIsNotWrittenYetIsNone) {
  tables_.routes[2].via = ROUTE_VIA_NONE;
  EXPECT_EQ(walk_to_route(&key_, 0, &target_), REASON_NO_ROUTE);
  tables_.bindings[1].route = 0;
  EXPECT_EQ(walk_to_route(&key_, 0, &target_), REASON_NO_ROUTE);
  tables_.bindings[1].route = 1000;
  EXPECT_EQ(walk_to_route(&key_, 0, &target_), REASON_NO_ROUTE);
}

TEST_F(Walk, ExceptionNeedsTheFlagAndTheClass) {
  tables_.exceptions[{3, 7}] = 4;
  tables_.bindings[4] = {.route = 2, .shape = 0};

  EXPECT_EQ(walk_to_route(&key_, 7, &target_), REASON_STEERED);
  EXPECT_EQ(target_.binding, 1U) << "without the flag";

  tables_.bindings[1].shape = BINDING_HAS_EXCEPTIONS;
  EXPECT_EQ(walk_to_route(&key_, 7, &target_), REASON_STEERED);
  EXPECT_EQ(target_.binding, 4U);
  EXPECT_EQ(walk_to_route(&key_, 8, &target_), REASON_STEERED);
  EXPECT_EQ(target_.binding, 1U);
}

TEST_F(Walk, ClusterFollowsTheWeights) {
  constexpr auto kFourFifths = static_cast<uint64_t>(0.8 * 18446744073709551616.0);
  tables_.route_slots[4] = {kAlways, 1, 1};
  tables_.route_slots[5] = {kFourFifths, 1, 2};
  tables_.routes[2].first_slot = 4;
  tables_.routes[2].slot_count = 2;
  std::array<uint64_t, 2> counts{};
  for (int i = 0; i < 10'000'000; ++i) ++counts[walk_cluster(&tables_.routes[2]) - 1];
  EXPECT_GT(test::goodnessOfFit(counts, std::array{0.9, 0.1}), test::kSignificance);
}

TEST_F(Walk, RouteWithoutSlotsHasNoCluster) {
  EXPECT_EQ(walk_cluster(&tables_.routes[2]), 0U);
  EXPECT_EQ(walk_to_endpoint(0, 1, &target_), REASON_NO_CLUSTER);
}

TEST_F(Walk, MissingClusterDiffersFromEmptyCluster) {
  EXPECT_EQ(walk_to_endpoint(5, 1, &target_), REASON_NO_CLUSTER);
  makeCluster(5, 0, BALANCE_RANDOM);
  EXPECT_EQ(walk_to_endpoint(5, 1, &target_), REASON_NO_ENDPOINTS);
  EXPECT_EQ(walk_to_endpoint(1000, 1, &target_), REASON_NO_CLUSTER);
}

TEST_F(Walk, EndpointOfTheOtherFamilyIsNone) {
  makeCluster(1, 1, BALANCE_RANDOM);
  EXPECT_EQ(walk_to_endpoint(1, 0, &target_), REASON_NO_ENDPOINTS);
}

TEST_F(Walk, RandomIsEven) {
  makeCluster(1, 3, BALANCE_RANDOM);
  std::array<uint64_t, 3> counts{};
  for (const auto id : choose(1, 300000)) ++counts[id - 1];
  EXPECT_GT(test::goodnessOfFit(counts, std::array{1., 1., 1.}), test::kSignificance);
}

TEST_F(Walk, RoundRobinTakesOneAfterTheOther) {
  makeCluster(1, 3, BALANCE_ROUND_ROBIN);
  EXPECT_THAT(choose(1, 7), ::testing::ElementsAre(1, 2, 3, 1, 2, 3, 1));
}

TEST_F(Walk, RoundRobinHonoursWeights) {
  makeCluster(1, 2, BALANCE_ROUND_ROBIN);
  tables_.cluster_slots[1] = {uint64_t{1} << 63, 1, 2};
  std::array<uint64_t, 2> counts{};
  for (const auto id : choose(1, 100000)) ++counts[id - 1];
  EXPECT_NEAR(static_cast<double>(counts[0]), 75000, 1000);
}

TEST_F(Walk, LeastRequestTakesTheLessBusyOfTwo) {
  makeCluster(1, 2, BALANCE_LEAST_REQUEST);
  tables_.loads[1] = 5;
  std::array<uint64_t, 2> counts{};
  for (const auto id : choose(1, 100000)) ++counts[id - 1];
  // The busy one only when both choices fall on it.
  EXPECT_GT(test::goodnessOfFit(counts, std::array{0.25, 0.75}), test::kSignificance);
}

TEST_F(Walk, AClientKeepsItsEndpoint) {
  makeCluster(1, 4, BALANCE_CLIENT);
  std::array<uint64_t, 4> counts{};
  for (uint64_t client = 1; client <= 4000; ++client) {
    target_.client = client;
    const auto chosen = choose(1, 3);
    EXPECT_THAT(chosen, ::testing::Each(chosen[0])) << client;
    ++counts[chosen[0] - 1];
  }
  EXPECT_GT(test::goodnessOfFit(counts, std::array{1.0, 1.0, 1.0, 1.0}), test::kSignificance);
}

}  // namespace
}  // namespace sluice
