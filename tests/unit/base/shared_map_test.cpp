// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/shared_map.h"

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <string>
#include <tuple>

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Numbers = SharedMap<int, std::string>;
using Plain = std::map<int, std::string>;

Numbers upTo(int count) {
  Numbers map;
  for (int i = 0; i < count; ++i) map.set(i, std::to_string(i));
  return map;
}

using Differences = std::vector<std::tuple<int, std::string, std::string>>;

Differences differences(const Numbers& before, const Numbers& after) {
  Differences found;
  forEachDifference(before, after, [&](int key, const std::string* was, const std::string* is) {
    found.emplace_back(key, was ? *was : "-", is ? *is : "-");
  });
  return found;
}

TEST(SharedMap, KeepsTheOrderOfItsKeys) {
  Numbers map;
  for (const int key : {3, 1, 2}) map.set(key, std::to_string(key));
  EXPECT_THAT(map, ElementsAre(Pair(1, "1"), Pair(2, "2"), Pair(3, "3")));
  EXPECT_EQ(map.lower_bound(2)->first, 2);
  EXPECT_EQ(map.lower_bound(4), map.end());
  EXPECT_EQ(*map.get(3), "3");
  EXPECT_EQ(map.get(4), nullptr);
}

TEST(SharedMap, ACopyDoesNotSeeLaterChanges) {
  auto map = upTo(1000);
  const auto copy = map;
  map.set(500, "changed");
  map.erase(501);
  EXPECT_EQ(*copy.get(500), "500");
  EXPECT_TRUE(copy.contains(501));
  EXPECT_THAT(differences(copy, map),
              ElementsAre(std::tuple(500, "500", "changed"), std::tuple(501, "501", "-")));
}

TEST(SharedMap, ACopySharesWhatIsNotChanged) {
  auto map = upTo(1000);
  const auto copy = map;
  map.set(500, "changed");
  size_t shared = 0;
  for (int i = 0; i < 1000; ++i) shared += map.get(i) == copy.get(i) ? 1 : 0;
  EXPECT_GE(shared, 900U);
}

/// A value that knows how often it has been compared.
struct Counted {
  int value = 0;
  static inline int comparisons = 0;
  friend bool operator==(const Counted& a, const Counted& b) {
    ++comparisons;
    return a.value == b.value;
  }
};

TEST(SharedMap, DifferencesCostWhatDiffers) {
  SharedMap<int, Counted> map;
  for (int i = 0; i < 100'000; ++i) map.set(i, {i});
  const auto copy = map;
  map.set(50'000, {-1});
  Counted::comparisons = 0;
  forEachDifference(copy, map, [](int, const Counted*, const Counted*) {});
  EXPECT_LE(Counted::comparisons, 100);
}

void change(std::mt19937& random, Numbers& map, Plain& plain) {
  const int key = static_cast<int>(random() % 300);
  if (random() % 3 == 0) {
    EXPECT_EQ(map.erase(key), plain.erase(key) > 0);
  } else {
    const auto value = std::to_string(random() % 4);
    map.set(key, value);
    plain[key] = value;
  }
}

Differences expected(const Plain& before, const Plain& after) {
  std::map<int, std::pair<std::string, std::string>> both;
  for (const auto& [key, value] : before) both[key] = {value, "-"};
  for (const auto& [key, value] : after) {
    auto& entry = both.try_emplace(key, "-", "-").first->second;
    entry.second = value;
  }
  Differences found;
  for (const auto& [key, values] : both)
    if (values.first != values.second) found.emplace_back(key, values.first, values.second);
  return found;
}

TEST(SharedMap, DoesWhatAPlainMapDoes) {
  std::mt19937 random(7);
  Numbers map;
  Plain plain;
  for (int round = 0; round < 300; ++round) {
    const auto last = map;
    const auto last_plain = plain;
    for (auto steps = random() % 40; steps > 0; --steps) change(random, map, plain);
    ASSERT_EQ(map.size(), plain.size());
    ASSERT_TRUE(std::equal(
        map.begin(), map.end(), plain.begin(), plain.end(),
        [](const auto& a, const auto& b) { return a.first == b.first && a.second == b.second; }));
    ASSERT_EQ(differences(last, map), expected(last_plain, plain));
  }
}

TEST(SharedMap, IsEmptyWithoutElements) {
  auto map = upTo(1);
  EXPECT_TRUE(map.erase(0));
  EXPECT_THAT(map, IsEmpty());
  EXPECT_EQ(map, Numbers());
}

}  // namespace
}  // namespace sluice
