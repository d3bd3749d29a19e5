// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/leaving.h"

#include "tests/support/manual_clock.h"
#include "tests/unit/broker/support.h"

namespace sluice::broker {
namespace {

TEST(LeavingWorkloads, AreKnownForAWhile) {
  SLUICE_NEEDS_ROOT();
  test::ManualClock clock;
  const auto reactor = *Reactor::create(clock);
  const TestNamespace first, second;
  Leaving leaving(*reactor);
  leaving.add({1}, first.open());
  clock.advance(Leaving::kLongest - 1s);
  reactor->runOnce(Duration::zero());
  EXPECT_EQ(leaving.namespaceOf({1})->identity(), first.open().identity());
  leaving.add({1}, second.open());
  clock.advance(1s);
  reactor->runOnce(Duration::zero());
  ASSERT_NE(leaving.namespaceOf({1}), nullptr) << "it came back and left again";
  EXPECT_EQ(leaving.namespaceOf({1})->identity(), second.open().identity());
  EXPECT_EQ(leaving.namespaceOf({2}), nullptr);
  clock.advance(Leaving::kLongest);
  reactor->runOnce(Duration::zero());
  EXPECT_EQ(leaving.namespaceOf({1}), nullptr);
}

}  // namespace
}  // namespace sluice::broker
