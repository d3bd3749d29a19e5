// SPDX-License-Identifier: Apache-2.0
// What an input may cost. A fuzzer looks for inputs that crash; with a bound that depends on the
// size of the input it finds those that are slow or large, too.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sluice::test {

/// Of an input of n bytes: at most `base` and n times `per_byte`.
struct Allowance {
  uint64_t base;
  uint64_t per_byte;
  uint64_t of(size_t bytes) const { return base + per_byte * bytes; }
};

struct CostLimits {
  Allowance memory;        ///< bytes that are allocated at once, beyond what was before
  Allowance microseconds;  ///< of this thread's CPU time
};

/// Measures from its construction to its destruction, and ends the process with a message when
/// that was more than the input may cost. Memory is seen in clang's builds only, which have
/// AddressSanitizer. One at a time.
class CostMeter {
 public:
  CostMeter(size_t input_bytes, const CostLimits& limits);
  ~CostMeter();
  CostMeter(const CostMeter&) = delete;
  CostMeter& operator=(const CostMeter&) = delete;

 private:
  size_t input_bytes_;
  CostLimits limits_;
  std::chrono::microseconds start_;
};

}  // namespace sluice::test
