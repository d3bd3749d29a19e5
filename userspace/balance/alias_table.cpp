// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/alias_table.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace sluice::balance {
namespace {

__extension__ using Uint128 = unsigned __int128;

constexpr uint64_t kAlways = std::numeric_limits<uint64_t>::max();

alias_slot whole(uint32_t index) { return {kAlways, index, index}; }

/// `part / sum` of 2^64, rounded to the nearest; `part` is less than `sum`.
uint64_t thresholdOf(Uint128 part, Uint128 sum) {
  const Uint128 numerator = (part << 64) + sum / 2;
  return static_cast<uint64_t>(std::min<Uint128>(numerator / sum, kAlways));
}

/// Vose's two work lists. All shares are in units of 1 / (sum * count), so they stay integers.
class Builder {
 public:
  Builder(std::span<const uint32_t> weights, uint64_t sum) : sum_(sum) {
    for (uint32_t i = 0; i < weights.size(); ++i) {
      shares_.push_back(Uint128{weights[i]} * weights.size());
      slots_.push_back(whole(i));
      (shares_[i] < sum_ ? small_ : large_).push_back(i);
    }
  }

  /// Each turn settles one slot: the small share keeps what it has, a large one fills the rest.
  std::vector<alias_slot> build() && {
    while (!small_.empty()) {
      const uint32_t less = takeLast(small_);
      const uint32_t more = large_.back();
      slots_[less] = {thresholdOf(shares_[less], sum_), less, more};
      shares_[more] -= sum_ - shares_[less];
      if (shares_[more] < sum_) small_.push_back(takeLast(large_));
    }
    return std::move(slots_);
  }

 private:
  static uint32_t takeLast(std::vector<uint32_t>& list) {
    const uint32_t last = list.back();
    list.pop_back();
    return last;
  }

  Uint128 sum_;
  std::vector<Uint128> shares_;
  std::vector<alias_slot> slots_;
  std::vector<uint32_t> small_, large_;
};

}  // namespace

Result<std::vector<alias_slot>> aliasTable(std::span<const uint32_t> weights) {
  const uint64_t sum = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
  if (sum == 0)
    return Error(Error::Code::kInvalid, "weights: none is greater than zero",
                 "give at least one destination a weight");
  if (weights.size() > std::numeric_limits<uint32_t>::max())
    return Error(Error::Code::kInvalid, "weights: too many for one table");
  return Builder(weights, sum).build();
}

std::vector<alias_slot> evenTable(uint32_t count) {
  std::vector<alias_slot> slots;
  slots.reserve(count);
  for (uint32_t i = 0; i < count; ++i) slots.push_back(whole(i));
  return slots;
}

}  // namespace sluice::balance
