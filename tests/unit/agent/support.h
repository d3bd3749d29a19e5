// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "tests/support/manual_clock.h"
#include "userspace/base/reactor.h"

namespace sluice::agent {

/// Turns the loop until `reached`; the test fails when that takes longer than anything here may.
inline void runUntil(Reactor& reactor, const std::function<bool()>& reached) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!reached()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nothing happened";
    reactor.runOnce(std::chrono::milliseconds(10));
  }
}

}  // namespace sluice::agent
