// SPDX-License-Identifier: Apache-2.0
// What an input may cost. A fuzzer looks for inputs that crash; with a bound that depends on the
// size of the input it finds those that are slow or large, too.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice::test {

struct Cost {
  uint64_t memory = 0;              ///< bytes, the most that was allocated at once
  std::chrono::microseconds cpu{};  ///< of this thread; what else the machine does takes no part
};

/// Measures from its construction on. Memory is seen where AddressSanitizer is, and is 0 elsewhere.
/// One at a time.
class CostMeter {
 public:
  CostMeter();
  Cost spent() const;

 private:
  std::chrono::microseconds start_;
};

/// Of an input of n bytes: at most `base` and n times `per_byte`.
struct Allowance {
  uint64_t base;
  uint64_t per_byte;
  uint64_t of(size_t bytes) const { return base + per_byte * bytes; }
};

struct CostLimits {
  Allowance memory;        ///< bytes
  Allowance microseconds;  ///< of CPU time
};

/// Ends the process with a message when its life has cost more than the input may.
class CostGuard {
 public:
  CostGuard(size_t input_bytes, const CostLimits& limits)
      : input_bytes_(input_bytes), limits_(limits) {}
  ~CostGuard();
  CostGuard(const CostGuard&) = delete;
  CostGuard& operator=(const CostGuard&) = delete;

 private:
  size_t input_bytes_;
  CostLimits limits_;
  CostMeter meter_;
};

}  // namespace sluice::test
