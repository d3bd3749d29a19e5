// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/buffer.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"
#include "tests/unit/proxy/worker_fixture.h"
#include "userspace/base/deadlines.h"

namespace sluice::proxy::test {
namespace {

TEST(Buffer, HoldsABlockOnlyWhileItHasBytes) {
  BlockPool pool(32, 1);
  Buffer buffer(pool, 8);
  EXPECT_EQ(buffer.space().size(), 24u);
  buffer.append("abc");
  buffer.consume(3);
  buffer.releaseIfEmpty();
  EXPECT_EQ(pool.lent(), 0u);
}

TEST(Buffer, MakesRoomByMovingWhatIsLeft) {
  BlockPool pool(16, 1);
  Buffer buffer(pool, 4);
  buffer.append("0123456789ab");
  EXPECT_TRUE(buffer.space().empty());
  buffer.consume(5);
  EXPECT_EQ(buffer.space().size(), 5u);
  EXPECT_EQ(buffer.data(), "56789ab");
}

TEST(Buffer, ReplacesInTheMiddleWithoutMovingTheTail) {
  BlockPool pool(32, 1);
  Buffer buffer(pool, 8);
  buffer.append("one two three");
  const char* const tail = buffer.data().data() + 7;
  ASSERT_TRUE(buffer.replace(4, 3, "zwei"));
  EXPECT_EQ(buffer.data(), "one zwei three");
  EXPECT_EQ(buffer.data().data() + 8, tail);
  ASSERT_TRUE(buffer.replace(4, 5, ""));
  buffer.erase(0, 1);
  EXPECT_EQ(buffer.data(), "ne three");
}

TEST(Buffer, ReplacementBeyondTheHeadroomMovesTheTail) {
  BlockPool pool(32, 1);
  Buffer buffer(pool, 2);
  buffer.append("one two three");
  ASSERT_TRUE(buffer.replace(4, 3, "zweiundzwanzig"));
  EXPECT_EQ(buffer.data(), "one zweiundzwanzig three");
  EXPECT_FALSE(buffer.replace(0, 3, "einundzwanzig"));
  EXPECT_EQ(buffer.data(), "one zweiundzwanzig three");
}

class Member final : public Timed {
 public:
  int expirations = 0;

 private:
  void expired() override { ++expirations; }
};

TEST(DeadlineList, ExpiresInOrderAndForgetsWhoLeft) {
  sluice::test::ManualClock clock;
  auto reactor = *Reactor::create(clock);
  DeadlineList list(*reactor, 10s);
  Member first, second, gone;
  list.join(first);
  list.join(gone);
  clock.advance(4s);
  reactor->runOnce(0s);
  list.join(second);
  gone.leave();
  clock.advance(6s);
  reactor->runOnce(0s);
  EXPECT_EQ(first.expirations, 1);
  EXPECT_EQ(second.expirations, 0);
  clock.advance(4s);
  reactor->runOnce(0s);
  EXPECT_EQ(second.expirations, 1);
  EXPECT_EQ(first.expirations, 1);
  EXPECT_EQ(gone.expirations, 0);
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace sluice::proxy::test
