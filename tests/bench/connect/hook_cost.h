// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice::test {

/// What the kernel counts of a program while somebody asks for it: runs, and the time in them. The
/// count itself costs each run some 60 ns.
class HookCost {
 public:
  /// Of the program that was loaded last under that name; from here on, until this object goes.
  static Result<HookCost> watch(const char* program);

  /// Nanoseconds of a run, on average since the last call (the first: since watch()); an error when
  /// there was none.
  Result<double> perRun();

 private:
  HookCost(Fd program, Fd statistics)
      : program_(std::move(program)), statistics_(std::move(statistics)) {}

  Fd program_;
  Fd statistics_;  ///< the kernel counts as long as it is open
  uint64_t runs_ = 0, nanoseconds_ = 0;
};

}  // namespace sluice::test
