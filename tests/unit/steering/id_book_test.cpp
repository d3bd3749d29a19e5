// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/id_book.h"

#include <gmock/gmock.h>

namespace sluice::steering {
namespace {

constexpr IdBook::Limits kLimits = {3, 3, 3, 3, 3};
const TimePoint kStart{};

TEST(IdBook, OneNameHasOneIdOfEachKind) {
  IdBook book(kLimits, 100);
  EXPECT_EQ(*book.acquire(NAME_SERVICE, "a"), 1u);
  EXPECT_EQ(*book.acquire(NAME_SERVICE, "a"), 1u);
  EXPECT_EQ(*book.acquire(NAME_SERVICE, "b"), 2u);
  EXPECT_EQ(*book.acquire(NAME_CLUSTER, "a"), 1u);
  EXPECT_EQ(book.find(NAME_SERVICE, "c"), 0u);
}

TEST(IdBook, RenewedNameStandsForTheYoungerId) {
  IdBook book(kLimits, 100);
  EXPECT_EQ(*book.acquire(NAME_ROUTE, "a"), 1u);
  EXPECT_EQ(*book.renew(NAME_ROUTE, "a"), 2u);
  EXPECT_EQ(book.find(NAME_ROUTE, "a"), 2u);
  book.free(NAME_ROUTE, 1);
  EXPECT_EQ(book.find(NAME_ROUTE, "a"), 2u);
}

TEST(IdBook, RetiredIdComesBackUnderItsNameOnly) {
  IdBook book(kLimits, 100);
  ASSERT_TRUE(book.acquire(NAME_SERVICE, "a").ok());
  book.retire(NAME_SERVICE, 1, kStart);
  EXPECT_EQ(*book.acquire(NAME_SERVICE, "b"), 2u);
  EXPECT_EQ(*book.acquire(NAME_SERVICE, "a"), 1u);
  EXPECT_TRUE(book.retiredBefore(NAME_SERVICE, kStart).empty());
}

TEST(IdBook, FreedIdIsUsedAgain) {
  IdBook book(kLimits, 100);
  ASSERT_TRUE(book.acquire(NAME_SERVICE, "a").ok());
  book.free(NAME_SERVICE, 1);
  EXPECT_EQ(*book.acquire(NAME_SERVICE, "b"), 1u);
  EXPECT_EQ(book.find(NAME_SERVICE, "a"), 0u);
}

TEST(IdBook, ItIsKnownSinceWhenANumberHasItsName) {
  IdBook book(kLimits, 100);
  ASSERT_TRUE(book.acquire(NAME_SERVICE, "a").ok());
  book.settled(kStart);
  EXPECT_EQ(book.entries(NAME_SERVICE).at(1).named, kStart);
  book.retire(NAME_SERVICE, 1, kStart);
  ASSERT_TRUE(book.acquire(NAME_SERVICE, "a").ok());
  book.settled(kStart + std::chrono::seconds(1));
  EXPECT_EQ(book.entries(NAME_SERVICE).at(1).named, kStart) << "it was never another's";
  book.free(NAME_SERVICE, 1);
  ASSERT_TRUE(book.acquire(NAME_SERVICE, "b").ok());
  book.settled(kStart + std::chrono::seconds(2));
  EXPECT_EQ(book.entries(NAME_SERVICE).at(1).named, kStart + std::chrono::seconds(2));
}

TEST(IdBook, LimitsAreErrorsThatNameTheTable) {
  IdBook book(kLimits, 4);
  for (const auto* name : {"a", "b", "c"}) ASSERT_TRUE(book.acquire(NAME_CLUSTER, name).ok());
  const auto full = book.acquire(NAME_CLUSTER, "d");
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code(), Error::Code::kExhausted);
  EXPECT_THAT(full.error().message(), testing::HasSubstr("clusters"));
  ASSERT_TRUE(book.acquire(NAME_ROUTE, "a").ok());
  EXPECT_THAT(book.acquire(NAME_ROUTE, "b").error().message(), testing::HasSubstr("names"));
}

TEST(IdBook, RollbackUndoesEverything) {
  IdBook book(kLimits, 100);
  ASSERT_TRUE(book.acquire(NAME_ROUTE, "a").ok());
  ASSERT_TRUE(book.acquire(NAME_SERVICE, "gone").ok());
  book.retire(NAME_SERVICE, 1, kStart);
  const auto mark = book.mark();
  ASSERT_TRUE(book.renew(NAME_ROUTE, "a").ok());
  ASSERT_TRUE(book.acquire(NAME_ROUTE, "b").ok());
  ASSERT_TRUE(book.acquire(NAME_SERVICE, "gone").ok());
  book.rollback(mark);
  EXPECT_EQ(book.find(NAME_ROUTE, "a"), 1u);
  EXPECT_EQ(book.find(NAME_ROUTE, "b"), 0u);
  EXPECT_THAT(book.retiredBefore(NAME_SERVICE, kStart), testing::ElementsAre(1u));
  EXPECT_EQ(book.unwritten().size(), 2u);
}

TEST(IdBook, RecoversWhatTheTableHolds) {
  IdBook book(kLimits, 100);
  ASSERT_TRUE(book.acquire(NAME_ROUTE, "a").ok());
  ASSERT_TRUE(book.renew(NAME_ROUTE, "a").ok());
  const std::string longest(SLUICE_NAME_SIZE + 10, 'x');
  ASSERT_TRUE(book.acquire(NAME_SERVICE, longest).ok());

  IdBook next(kLimits, 100);
  next.recover({NAME_ROUTE, 2}, book.entries(NAME_ROUTE).at(2).value());
  next.recover({NAME_ROUTE, 1}, book.entries(NAME_ROUTE).at(1).value());
  next.recover({NAME_SERVICE, 1}, book.entries(NAME_SERVICE).at(1).value());
  EXPECT_EQ(next.find(NAME_ROUTE, "a"), 2u);
  EXPECT_EQ(next.find(NAME_SERVICE, longest), 1u);
  EXPECT_EQ(next.find(NAME_SERVICE, longest + "y"), 0u);
  EXPECT_EQ(*next.acquire(NAME_ROUTE, "b"), 3u);
  EXPECT_GT(next.entries(NAME_ROUTE).at(3).generation, next.entries(NAME_ROUTE).at(2).generation);
}

}  // namespace
}  // namespace sluice::steering
