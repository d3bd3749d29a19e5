// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/usage.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <vector>

namespace sluice::test {
namespace {

TEST(Usage, MemoryThatIsTouchedIsResident) {
  const size_t before = residentKib({::getpid()});
  std::vector<char> block(size_t{32} * 1024 * 1024);
  std::ranges::fill(block, '\1');
  EXPECT_GE(residentKib({::getpid()}), before + size_t{30} * 1024);
  EXPECT_EQ(block.back(), '\1');
}

TEST(Usage, TimeOfAProcessorIsCounted) {
  const double before = cpuSeconds({::getpid()});
  // The clock of this process: on a busy machine more time goes by.
  const auto begin = std::clock();
  while (std::clock() - begin < CLOCKS_PER_SEC / 20) {
  }
  EXPECT_GE(cpuSeconds({::getpid()}), before + 0.03);
}

}  // namespace
}  // namespace sluice::test
