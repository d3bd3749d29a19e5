// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "userspace/routing/match/nfa.h"

namespace sluice::match {

/// Bytes that no pattern tells apart are one class: rows of transitions get short.
class ByteClasses {
 public:
  /// The coarsest classes of which each of the sets is a union.
  static ByteClasses of(const std::vector<ByteSet>& sets);

  size_t count() const { return count_; }
  const std::array<uint8_t, 256>& ofBytes() const { return class_of_; }
  std::vector<uint8_t> in(const ByteSet& set) const;

 private:
  void refine(const ByteSet& set);

  std::array<uint8_t, 256> class_of_{};
  size_t count_ = 1;
};

}  // namespace sluice::match
