// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "maps/abi/match.h"

namespace sluice::match {

/// The array of maps/abi/match.h while it is being written.
class Cells {
 public:
  /// Index of the first of `count` new cells, all zero.
  uint32_t append(size_t count) {
    const auto first = static_cast<uint32_t>(cells_.size());
    cells_.resize(cells_.size() + count, match_cell{.bits = 0});
    return first;
  }
  match_cell& operator[](uint32_t index) { return cells_[index]; }
  size_t size() const { return cells_.size(); }
  /// Forgets what came later.
  void truncate(size_t size) { cells_.resize(size, match_cell{.bits = 0}); }
  std::vector<match_cell> take() && { return std::move(cells_); }

 private:
  std::vector<match_cell> cells_;
};

/// A set of alternatives, one bit each.
using Bits = std::vector<uint64_t>;

/// The set of all.
Bits allOf(size_t alternatives);

/// Writes bit-vectors; equal ones share their cells.
class Vectors {
 public:
  /// `cells` outlives this.
  Vectors(Cells& cells, size_t alternatives);

  size_t alternatives() const { return alternatives_; }
  size_t groups() const { return groups_; }
  /// An empty set of the right size.
  Bits none() const { return Bits(words_, 0); }
  static void add(Bits& bits, std::span<const uint32_t> alternatives);
  static void remove(Bits& bits, std::span<const uint32_t> alternatives);

  /// Index of the vector.
  uint32_t write(const Bits& bits);
  /// Forgets vectors whose cells are being truncated.
  void truncate(size_t size);

 private:
  Cells& cells_;
  size_t alternatives_;
  size_t words_;
  size_t groups_;
  std::map<std::vector<uint64_t>, uint32_t>
      known_;  ///< by words that are not zero, and their place
};

}  // namespace sluice::match
