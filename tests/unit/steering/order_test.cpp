// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "tests/unit/steering/fixture.h"
#include "userspace/steering/steering.h"

namespace sluice::steering {
namespace {

using testing::HasSubstr;
using testing::Not;

class OrderTest : public SteeringTest {};

TEST_F(OrderTest, ChangedRuleIsOneWriteOfEightBytes) {
  load(split(10));
  auto next = routing::resolve(split(50).snapshot);
  ASSERT_TRUE(steering->stage(next).ok());
  const auto before = see();
  tables.forgetChanges();
  ASSERT_TRUE(steering->publish().ok());
  ASSERT_EQ(tables.changes().size(), 1u);
  EXPECT_EQ(tables.changes()[0].table, Table::kBindings);
  EXPECT_EQ(tables.changes()[0].value->size(), 8u);
  EXPECT_NE(see(), before);
}

TEST_F(OrderTest, StagingShowsNothing) {
  load(split(10));
  const auto before = see();
  routing = routing::resolve(onlyTo("v2").snapshot);
  ASSERT_TRUE(steering->stage(routing).ok());
  EXPECT_EQ(see(), before);
}

TEST_F(OrderTest, SubsetOfOtherLabelsIsAnotherClusterUntilTheRouteFlips) {
  load(onlyTo("v1"));
  auto world = onlyTo("v1");
  auto rule = *world.snapshot.destination_rules.front();
  rule.subsets[0].labels["version"] = "v2";
  world.snapshot.destination_rules = {std::make_shared<const DestinationRule>(rule)};
  routing = routing::resolve(world.snapshot);
  ASSERT_TRUE(steering->stage(routing).ok());
  EXPECT_EQ(see(), "connect {10.1.0.1:8080 10.1.0.2:8080}");
  ASSERT_TRUE(steering->publish().ok());
  EXPECT_EQ(see(), "connect {10.1.0.3:8080}");
}

TEST_F(OrderTest, NoPrefixOfTheWritesNamesWhatIsNotThere) {
  load(splitByClient());
  const auto web = classOf("default/web").value;
  tables.onChange([&](const auto&) {
    for (const auto client_class : {0u, web})
      EXPECT_THAT(Reader(tables).see(kVip, 80, client_class), Not(HasSubstr("dangling")));
  });
  for (const auto& world : {split(90), splitByClient(), onlyTo("v2"), World{}, split(10)}) {
    load(world);
    passGrace();
  }
  EXPECT_EQ(see(web), see());
}

TEST_F(OrderTest, EveryLookupDuringAChangeIsTheOldRuleOrTheNew) {
  for (const auto& [from, to] :
       {std::pair(split(10), onlyTo("v2")), std::pair(split(20), splitByClient()),
        std::pair(splitByClient(), split(30))}) {
    auto with_web = from;
    with_web.add(test::workload("web", "default", {{"app", "web"}}));
    tables.onChange(nullptr);
    load(with_web);
    const auto client_class =
        routing::resolve(splitByClient().snapshot).workload_class.at("default/web").value;
    std::set<std::string> seen, seen_by_web;
    tables.onChange([&](const auto&) {
      seen.insert(Reader(tables).see(kVip, 80));
      seen_by_web.insert(Reader(tables).see(kVip, 80, client_class));
    });
    seen.insert(see());
    seen_by_web.insert(see(client_class));
    load(to);
    EXPECT_LE(seen.size(), 2u);
    EXPECT_LE(seen_by_web.size(), 2u);
  }
}

TEST_F(OrderTest, FailedWriteLeavesWhatIsPublished) {
  load(split(10));
  const auto before = see();
  routing = routing::resolve(onlyTo("v2").snapshot);
  tables.failAfter(1, Error(Error::Code::kSystem, "write"));
  EXPECT_FALSE(steering->stage(routing).ok());
  EXPECT_FALSE(steering->publish().ok());
  EXPECT_EQ(see(), before);
  load(onlyTo("v2"));
  EXPECT_EQ(see(), "connect {10.1.0.3:8080}");
}

/// Whatever came before, the tables end up meaning what the last configuration says.
TEST_F(OrderTest, AnySequenceEndsWhereTheLastConfigurationAloneDoes) {
  const std::vector<World> worlds = {split(10),    split(50),       onlyTo("v1"),
                                     onlyTo("v2"), splitByClient(), test::productApi(),
                                     World{}};
  std::vector<std::set<std::string>> meaning;
  std::mt19937 random(11);
  for (int step = 0; step < 60; ++step) {
    const auto& world = worlds[random() % worlds.size()];
    if (random() % 6 == 0) restart();
    load(world);
    if (random() % 3 == 0) passGrace();

    MemoryDataPlane fresh;
    auto alone = Steering::create(fresh, clock);
    ASSERT_TRUE((*alone)->stage(routing).ok());
    ASSERT_TRUE((*alone)->publish().ok());
    for (const auto& [number, table] : routing.tables)
      ASSERT_EQ(see(number.value), Reader(fresh).see(kVip, 80, number.value)) << "step " << step;
  }
}

}  // namespace
}  // namespace sluice::steering
