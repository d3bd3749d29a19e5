// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

bool isOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(Fd, ClosesWhenItGoesAndWhenItIsReplaced) {
  const int first = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int second = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  {
    Fd fd(first);
    fd = Fd(second);
    EXPECT_FALSE(isOpen(first));
    EXPECT_TRUE(isOpen(second));
  }
  EXPECT_FALSE(isOpen(second));
}

TEST(Fd, MovingLeavesTheSourceEmpty) {
  Fd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd other(std::move(fd));
  EXPECT_FALSE(fd);  // NOLINT(bugprone-use-after-move): what a moved-from Fd is, is the subject
  EXPECT_TRUE(isOpen(other.get()));
}

}  // namespace
}  // namespace sluice
