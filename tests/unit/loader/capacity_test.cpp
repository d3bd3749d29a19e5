// SPDX-License-Identifier: Apache-2.0
#include "loader/capacity.h"

#include <gtest/gtest.h>

namespace sluice::loader {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;

TEST(Capacity, IsWholeWhereThereIsMemory) {
  for (const uint64_t memory : {4 * kGiB, 64 * kGiB}) {
    EXPECT_EQ(capacityFor(memory).services, SLUICE_MAX_SERVICES);
    EXPECT_EQ(capacityFor(memory).endpoints, SLUICE_MAX_ENDPOINTS);
  }
}

TEST(Capacity, GoesWithALimitOfOnesOwn) {
  EXPECT_EQ(capacityFor(64 * kGiB, kGiB).services, SLUICE_MAX_SERVICES);
  EXPECT_EQ(capacityFor(64 * kGiB, kGiB / 2).services, SLUICE_MAX_SERVICES / 2);
  EXPECT_EQ(capacityFor(kGiB, kGiB / 2).services, SLUICE_MAX_SERVICES / 4);
}

TEST(Capacity, GoesWithTheMemoryOfASmallMachine) {
  EXPECT_EQ(capacityFor(kGiB).services, SLUICE_MAX_SERVICES / 4);
  EXPECT_EQ(capacityFor(kGiB).endpoints, SLUICE_MAX_ENDPOINTS / 4);
  EXPECT_EQ(capacityFor(0).services, SLUICE_MAX_SERVICES / 16);
}

TEST(Capacity, OfTablesIsNeverMoreThanTheirLimit) {
#define TABLE(Name, bpf_name, Key, Value, entries) \
  EXPECT_EQ(entriesOf(Table::k##Name, {}), uint32_t{entries}) << #bpf_name;
#include "maps/abi/tables.def"
#undef TABLE
}

TEST(Capacity, OfTablesKeepsTheirProportions) {
  const Capacity half{SLUICE_MAX_SERVICES / 2, SLUICE_MAX_ENDPOINTS / 4};
  EXPECT_EQ(entriesOf(Table::kServices, half), SLUICE_MAX_SERVICES / 2);
  EXPECT_EQ(entriesOf(Table::kRouteSlots, half), SLUICE_MAX_SLOTS / 2);
  EXPECT_EQ(entriesOf(Table::kClusterSlots, half), SLUICE_MAX_SLOTS / 4);
  EXPECT_EQ(entriesOf(Table::kNames, half), SLUICE_MAX_NAMES / 2);
  EXPECT_EQ(entriesOf(Table::kWorkloads, half), uint32_t{SLUICE_MAX_WORKLOADS});
}

TEST(Capacity, OfTablesHasRoomBesideTheIdThatIsNobodys) {
  const Capacity one{1, 1};
  EXPECT_EQ(entriesOf(Table::kServices, one), 1U);
  EXPECT_EQ(entriesOf(Table::kBindings, one), 2U);
  EXPECT_EQ(entriesOf(Table::kServiceStats, one), 2U);
  EXPECT_EQ(entriesOf(Table::kRoutes, one), 3U);
  EXPECT_EQ(entriesOf(Table::kEndpoints, one), 2U);
  EXPECT_EQ(entriesOf(Table::kEndpointStats, one), 2U);
}

}  // namespace
}  // namespace sluice::loader
