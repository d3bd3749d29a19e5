// SPDX-License-Identifier: Apache-2.0
// Tables that are smaller than they may be.
#include <gmock/gmock.h>

#include "tests/unit/steering/fixture.h"

namespace sluice::steering {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SmallTables : public SteeringTest {
 protected:
  /// A service `name` with one endpoint, both with this last number in their address.
  static void addService(World& world, const std::string& name, int number) {
    const auto last = std::to_string(number);
    world.add(test::service(name, {"10.96.1." + last})).addEndpoint(name, "10.1.1." + last, {});
  }

  std::vector<std::string> refusedOf(const World& world) {
    std::vector<std::string> names;
    for (const auto& [service, error, key] : load(world)) {
      names.push_back(service);
      EXPECT_EQ(error.code(), Error::Code::kExhausted);
      EXPECT_THAT(error.message(), HasSubstr("full"));
    }
    return names;
  }

  /// Whether `a` is steered and `b`, for which there is no room, is refused by name and left alone.
  void expectRoomForOneOfTwo() {
    World world;
    addService(world, "a", 1);
    addService(world, "b", 2);
    EXPECT_THAT(refusedOf(world), ElementsAre("b.default.svc.cluster.local:80/v4"));
    EXPECT_EQ(Reader(tables).see("10.96.1.1", 80), "connect {10.1.1.1:8080}");
    EXPECT_EQ(Reader(tables).see("10.96.1.2", 80), "none");
  }

  void limit(std::initializer_list<Table> smaller, uint32_t entries) {
    for (const Table table : smaller) tables.limit(table, entries);
    restart();
  }
};

TEST_F(SmallTables, OfServicesHoldNoMore) {
  limit({Table::kServices}, 1);
  expectRoomForOneOfTwo();
}

TEST_F(SmallTables, OfIdsHoldNoMoreAndNoIdIsZero) {
  limit({Table::kEndpoints}, 2);
  expectRoomForOneOfTwo();
}

TEST_F(SmallTables, OfCountersHoldIdsBackAsWell) {
  limit({Table::kClusterRequests}, 2);
  expectRoomForOneOfTwo();
}

TEST_F(SmallTables, OfSlotsHoldNoMore) {
  limit({Table::kClusterSlots}, 1);
  expectRoomForOneOfTwo();
}

TEST_F(SmallTables, OfNamesHoldNoMore) {
  limit({Table::kNames}, 5);  // service, binding, cluster, endpoint and route of one
  expectRoomForOneOfTwo();
}

TEST_F(SmallTables, OfAPredecessorAreFilledByTheNextOne) {
  limit({Table::kServices}, 1);
  World world;
  addService(world, "a", 1);
  EXPECT_THAT(refusedOf(world), IsEmpty());
  restart();
  expectRoomForOneOfTwo();
}

TEST_F(SteeringTest, SaysHowMuchOfATableIsUsed) {
  EXPECT_EQ(steering->used(Table::kServices), 0U);
  World world;
  world.add(test::service("a", {"10.96.1.1"}))
      .addEndpoint("a", "10.1.1.1", {})
      .addEndpoint("a", "10.1.1.2", {});
  load(world);
  for (const auto& [table, used] : std::map<Table, uint32_t>{{Table::kServices, 1},
                                                             {Table::kBindings, 1},
                                                             {Table::kServiceStats, 1},
                                                             {Table::kRoutes, 1},
                                                             {Table::kClusters, 1},
                                                             {Table::kClusterSlots, 2},
                                                             {Table::kEndpoints, 2},
                                                             {Table::kEndpointLoad, 2},
                                                             {Table::kExceptions, 0},
                                                             {Table::kNames, 6}})
    EXPECT_EQ(steering->used(table), used) << static_cast<int>(table);
  EXPECT_EQ(steering->used(Table::kReasons), std::nullopt);
  load(World());
  passGrace();
  EXPECT_EQ(steering->used(Table::kEndpoints), 0U);
  EXPECT_EQ(steering->used(Table::kClusterSlots), 0U);
}

}  // namespace
}  // namespace sluice::steering
