// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/client_spread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "maps/lib/alias.h"
#include "maps/lib/hash.h"

namespace sluice::balance {
namespace {

constexpr uint64_t kClients = 20000;

/// Members "10.0.0.1:80" and so on, all alike; `gone`: one that is not among them.
struct Crowd {
  explicit Crowd(size_t count, size_t gone = 0) {
    for (size_t i = 1; i <= count; ++i)
      if (i != gone) names.push_back("10.0.0." + std::to_string(i) + ":80");
    for (const auto& name : names) list.push_back({name, 1});
  }
  std::vector<std::string> names;
  std::vector<MaglevMember> list;
};

/// As the kernel's programs draw.
uint32_t memberOf(const Spread& spread, uint64_t client) {
  return alias_pick(spread.slots.data(), static_cast<uint32_t>(spread.slots.size()), mix64(client));
}

/// The part of the clients that go elsewhere under `after`.
double moved(const Crowd& before, const Crowd& after) {
  const auto one = *spreadByClient(before.list);
  const auto other = *spreadByClient(after.list);
  uint64_t count = 0;
  for (uint64_t client = 1; client <= kClients; ++client)
    if (before.names[memberOf(one, client)] != after.names[memberOf(other, client)]) ++count;
  return static_cast<double>(count) / kClients;
}

TEST(ClientSpread, FewClientsMoveWhenAMemberComesOrGoes) {
  for (const size_t count : {3, 4, 8, 15, 16, 40, 64, 128, 500, 1024}) {
    const Crowd all(count);
    const double bound = count <= 128 ? 2.0 / static_cast<double>(count) : 0.02;
    for (const size_t gone : {size_t{1}, count / 2, count}) {
      const Crowd left(count, gone);
      EXPECT_LT(moved(all, left), bound) << gone << " of " << count << " goes";
      EXPECT_LT(moved(left, all), bound) << gone << " of " << count << " comes";
    }
  }
}

TEST(ClientSpread, ClientsOfTheMembersThatStayRarelyMove) {
  const Crowd all(10), left(10, 4);
  const auto before = *spreadByClient(all.list), after = *spreadByClient(left.list);
  uint64_t others = 0;
  for (uint64_t client = 1; client <= kClients; ++client) {
    const auto& home = all.names[memberOf(before, client)];
    if (home != "10.0.0.4:80" && home != left.names[memberOf(after, client)]) ++others;
  }
  EXPECT_LT(static_cast<double>(others) / kClients, 0.1) << "an alias table moves most of them";
}

TEST(ClientSpread, MembersGetTheirSharesToASlot) {
  Crowd four(4);
  four.list[0].share = 3;
  four.list[3].share = 0;
  const auto spread = *spreadByClient(four.list);
  std::map<uint32_t, int> slots;
  for (const auto& slot : spread.slots) ++slots[alias_take(&slot, 0)];
  EXPECT_NEAR(slots[0], 509 * 3 / 5, 1);
  EXPECT_NEAR(slots[1], 509 / 5, 1);
  EXPECT_NEAR(slots[2], 509 / 5, 1);
  EXPECT_EQ(slots[3], 0);
}

/// The broker lets the proxy reach what a cluster's slots name.
TEST(ClientSpread, MembersThatGetNothingAreNamed) {
  Crowd all(5);
  for (size_t i = 0; i < 4; ++i) all.list[i].share = 0;
  const auto spread = *spreadByClient(all.list);
  std::set<uint32_t> named;
  for (const auto& slot : spread.slots) {
    named.insert({slot.own, slot.alias});
    for (const uint64_t fraction : {uint64_t{0}, ~uint64_t{0}})
      EXPECT_EQ(alias_take(&slot, fraction), 4U);
  }
  EXPECT_EQ(named.size(), 5U);
}

TEST(ClientSpread, MembersOfWhichNoneHasAShareAreAlike) {
  const Crowd two(2);
  Crowd none(2);
  for (auto& member : none.list) member.share = 0;
  const auto expected = *spreadByClient(two.list), found = *spreadByClient(none.list);
  for (uint64_t client = 1; client <= 100; ++client)
    EXPECT_EQ(memberOf(found, client), memberOf(expected, client));
}

TEST(ClientSpread, SlotsComeInFewSizes) {
  EXPECT_EQ(clientSlots(1), 0U);
  EXPECT_EQ(clientSlots(2), clientSlots(16));
  EXPECT_LT(clientSlots(16), clientSlots(17));
  EXPECT_EQ(clientSlots(17), clientSlots(64));
  EXPECT_LT(clientSlots(64), clientSlots(65));
  EXPECT_EQ(clientSlots(65), clientSlots(1024));
  EXPECT_EQ(clientSlots(1025), 0U);
  const Crowd one(1), many(1025);
  EXPECT_EQ(spreadByClient(one.list).error().code(), Error::Code::kInvalid);
  EXPECT_EQ(spreadByClient(many.list).error().code(), Error::Code::kInvalid);
}

}  // namespace
}  // namespace sluice::balance
