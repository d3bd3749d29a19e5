// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/maglev.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "userspace/balance/hash.h"

namespace sluice::balance {
namespace {

/// Members that own their names, "10.0.0.1:80" and so on.
struct Members {
  explicit Members(const std::vector<uint32_t>& shares) {
    for (size_t i = 0; i < shares.size(); ++i)
      names.push_back("10.0.0." + std::to_string(i + 1) + ":80");
    for (size_t i = 0; i < shares.size(); ++i) list.push_back({names[i], shares[i]});
  }
  std::vector<std::string> names;
  std::vector<MaglevMember> list;
};

MaglevTable tableOf(const std::vector<uint32_t>& shares,
                    uint32_t size = MaglevTable::kDefaultSize) {
  const Members members(shares);
  return *MaglevTable::of(members.list, size);
}

std::vector<double> sharesIn(const MaglevTable& table, size_t members) {
  std::vector<double> shares(members);
  for (const auto member : table.slots())
    shares[member] += 1.0 / static_cast<double>(table.slots().size());
  return shares;
}

TEST(Hash64, IsXxHash64) {
  // https://github.com/Cyan4973/xxHash: the hash of nothing.
  EXPECT_EQ(hash64(""), 0xef46db3751d8e999u);
  EXPECT_EQ(hash64("abc"), 0x44bc2cf5ad770999u);
  EXPECT_NE(hash64("abc", 1), hash64("abc"));
}

TEST(Maglev, EqualSharesAreEqualToAPercent) {
  for (const auto share : sharesIn(tableOf({1, 1, 1, 1, 1, 1, 1, 1, 1, 1}), 10))
    EXPECT_NEAR(share, 0.1, 0.001);
}

TEST(Maglev, MembersGetTheirShares) {
  const auto shares = sharesIn(tableOf({1, 0, 3, 4}), 4);
  EXPECT_NEAR(shares[0], 0.125, 0.002);
  EXPECT_EQ(shares[1], 0);
  EXPECT_NEAR(shares[2], 0.375, 0.002);
  EXPECT_NEAR(shares[3], 0.5, 0.002);
}

TEST(Maglev, LittleMovesWhenAMemberGoes) {
  const auto before = tableOf({1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  const auto after = tableOf({1, 1, 1, 1, 0, 1, 1, 1, 1, 1});
  size_t moved = 0;
  for (size_t i = 0; i < before.slots().size(); ++i)
    if (before.slots()[i] != 4 && before.slots()[i] != after.slots()[i]) ++moved;
  // A plain modulo would move nine of ten.
  EXPECT_LT(static_cast<double>(moved) / static_cast<double>(before.slots().size()), 0.05);
}

TEST(Maglev, DoesNotDependOnTheOrderOfMembers) {
  const std::vector<MaglevMember> one = {{"a", 1}, {"b", 2}, {"c", 1}};
  const std::vector<MaglevMember> other = {{"c", 1}, {"a", 1}, {"b", 2}};
  const auto first = *MaglevTable::of(one, 1021);
  const auto second = *MaglevTable::of(other, 1021);
  for (uint64_t hash = 0; hash < 1021; ++hash)
    EXPECT_EQ(one[first.pick(hash)].name, other[second.pick(hash)].name);
}

TEST(Maglev, TakesTheSmallestPrimes) {
  EXPECT_THAT(tableOf({1}, 2).slots(), testing::ElementsAre(0, 0));
  EXPECT_THAT(sharesIn(tableOf({1, 1, 1}, 3), 3),
              testing::Each(testing::DoubleNear(1.0 / 3, 0.01)));
}

TEST(Maglev, RefusesWhatHasNoTable) {
  const Members nobody({0, 0});
  EXPECT_EQ(MaglevTable::of(nobody.list, 7).error().code(), Error::Code::kInvalid);
  EXPECT_EQ(MaglevTable::of({}, 7).error().code(), Error::Code::kInvalid);
  const Members one({1});
  for (const uint32_t size : {0u, 1u, 4u, 65536u})
    EXPECT_EQ(MaglevTable::of(one.list, size).error().code(), Error::Code::kInvalid) << size;
}

}  // namespace
}  // namespace sluice::balance
