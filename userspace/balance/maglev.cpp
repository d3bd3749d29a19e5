// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/maglev.h"

#include <algorithm>
#include <limits>
#include <string>

#include "userspace/balance/hash.h"

namespace sluice::balance {
namespace {

constexpr uint32_t kFree = std::numeric_limits<uint32_t>::max();

bool isPrime(uint32_t number) {
  if (number < 2) return false;
  for (uint64_t divisor = 2; divisor * divisor <= number; ++divisor)
    if (number % divisor == 0) return false;
  return true;
}

/// A member's walk over the slots: each once, as the size is a prime.
class Claimant {
 public:
  Claimant(const MaglevMember& member, uint32_t index, uint32_t size)
      : index_(index),
        share_(member.share),
        slot_(hash64(member.name) % size),
        skip_(size == 2 ? 1 : hash64(member.name, 1) % (size - 1) + 1) {}

  uint32_t index() const { return index_; }

  /// Whether it takes part in a round: who has a third of the largest share does in every third.
  bool hasTurn(uint64_t round, uint32_t largest_share) {
    if (round * share_ < next_turn_) return false;
    next_turn_ += largest_share;
    return true;
  }

  /// The first free slot from where it has stopped on; there must be one.
  uint32_t& claim(std::vector<uint32_t>& slots) {
    while (slots[slot_] != kFree) slot_ = (slot_ + skip_) % slots.size();
    return slots[slot_];
  }

 private:
  uint32_t index_;
  uint64_t share_;
  uint64_t next_turn_ = 0;
  uint64_t slot_, skip_;
};

std::vector<Claimant> claimants(std::span<const MaglevMember> members, uint32_t size) {
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < members.size(); ++i)
    if (members[i].share > 0) order.push_back(i);
  std::ranges::sort(order, {}, [&](uint32_t i) { return members[i].name; });
  std::vector<Claimant> all;
  all.reserve(order.size());
  for (const auto i : order) all.emplace_back(members[i], i, size);
  return all;
}

}  // namespace

std::vector<MaglevMember> maglevMembers(std::span<const std::string> names,
                                        std::span<const uint32_t> shares) {
  std::vector<MaglevMember> members;
  members.reserve(names.size());
  for (size_t i = 0; i < names.size(); ++i) members.push_back({names[i], shares[i]});
  return members;
}

Result<MaglevTable> MaglevTable::of(std::span<const MaglevMember> members, uint32_t size) {
  if (!isPrime(size))
    return Error(Error::Code::kInvalid, "size of a Maglev table: " + std::to_string(size),
                 "use a prime, such as 65537");
  auto all = claimants(members, size);
  if (all.empty()) return Error(Error::Code::kInvalid, "Maglev table: no member has a share");
  const auto largest = std::ranges::max(members, {}, &MaglevMember::share).share;
  std::vector<uint32_t> slots(size, kFree);
  uint32_t claimed = 0;
  for (uint64_t round = 1; claimed < size; ++round)
    for (auto& claimant : all) {
      if (claimed == size) break;
      if (!claimant.hasTurn(round, largest)) continue;
      claimant.claim(slots) = claimant.index();
      ++claimed;
    }
  return MaglevTable(std::move(slots));
}

}  // namespace sluice::balance
