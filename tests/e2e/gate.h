// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "userspace/base/fd.h"

namespace sluice::test {

/// A point that one process passes only when another one has opened it, or has ended, which is then
/// for the test to say. Made before the fork.
class Gate {
 public:
  Gate() {
    std::array<int, 2> ends{-1, -1};
    [[maybe_unused]] const int made = ::pipe2(ends.data(), O_CLOEXEC);
    read_ = Fd(ends[0]);
    write_ = Fd(ends[1]);
  }

  void open() const { [[maybe_unused]] const auto n = ::write(write_.get(), "", 1); }

  void wait() {
    write_.reset();  // who waits does not open
    char byte = 0;
    [[maybe_unused]] const auto n = ::read(read_.get(), &byte, 1);
  }

 private:
  Fd read_, write_;
};

}  // namespace sluice::test
