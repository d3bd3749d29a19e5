// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/result.h"

namespace sluice::balance {

struct MaglevMember {
  std::string_view name;  ///< what its place depends on: the text of its address
  uint32_t share = 1;     ///< of the hashes, relative to the others; 0: none
};

/// Borrows the names; both lists have the same order.
std::vector<MaglevMember> maglevMembers(std::span<const std::string> names,
                                        std::span<const uint32_t> shares);

/// Says for each hash which member it belongs to, so that few hashes change hands when members come
/// and go, and every member has its share of them to about one percent.
///
/// Maglev (Eisenbud et al., NSDI 2016, §3.4): every member has a permutation of the table's slots
/// of its own, and they take turns in claiming the next free slot of theirs. Shares, hashes and the
/// order of the members (that of their names) are Envoy's. Immutable.
class MaglevTable {
 public:
  static constexpr uint32_t kDefaultSize = 65537;  ///< Istio: maglev.tableSize

  /// kInvalid: no member has a share, or `size` is no prime, so that permutations would not reach
  /// every slot.
  static Result<MaglevTable> of(std::span<const MaglevMember> members, uint32_t size);

  /// An index into the members.
  uint32_t pick(uint64_t hash) const { return slots_[hash % slots_.size()]; }

  std::span<const uint32_t> slots() const { return slots_; }

 private:
  explicit MaglevTable(std::vector<uint32_t> slots) : slots_(std::move(slots)) {}

  std::vector<uint32_t> slots_;
};

}  // namespace sluice::balance
