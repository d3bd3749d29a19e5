// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/client_spread.h"

#include <algorithm>
#include <array>
#include <vector>

namespace sluice::balance {
namespace {

/// Primes, as Maglev asks for. The number of slots that keeps what moves below two shares grows
/// with the square of the members (ClientSpread.FewClientsMoveWhenAMemberComesOrGoes).
struct Size {
  size_t members;  ///< at most
  uint32_t slots;
};
constexpr std::array<Size, 3> kSizes = {{{16, 509}, {64, 8191}, {1024, MaglevTable::kDefaultSize}}};

constexpr uint64_t kAlways = ~uint64_t{0};

bool isSharedOut(std::span<const MaglevMember> members) {
  return std::ranges::any_of(members, [](const auto& member) { return member.share > 0; });
}

std::vector<MaglevMember> alike(std::span<const MaglevMember> members) {
  std::vector<MaglevMember> all(members.begin(), members.end());
  for (auto& member : all) member.share = 1;
  return all;
}

/// Each takes the place of `own` in a slot that always goes to its `alias`.
void nameTheIdle(std::vector<alias_slot>& slots, size_t members) {
  std::vector<bool> chosen(members);
  for (const auto& slot : slots) chosen[slot.own] = true;
  auto slot = slots.begin();
  for (uint32_t member = 0; member < members; ++member) {
    if (chosen[member]) continue;
    slot->threshold = 0;
    slot->own = member;
    ++slot;
  }
}

}  // namespace

uint32_t clientSlots(size_t members) {
  if (members < 2) return 0;
  const auto* const fit =
      std::ranges::find_if(kSizes, [&](const auto& size) { return members <= size.members; });
  return fit == kSizes.end() ? 0 : fit->slots;
}

Result<Spread> spreadByClient(std::span<const MaglevMember> members) {
  const auto weighted =
      isSharedOut(members) ? std::vector(members.begin(), members.end()) : alike(members);
  auto table = MaglevTable::of(weighted, clientSlots(members.size()));
  if (!table.ok()) return std::move(table).error();
  Spread spread{.slots = {}, .alike = false, .even = false};
  for (const auto member : table->slots()) spread.slots.push_back({kAlways, member, member});
  nameTheIdle(spread.slots, members.size());
  return spread;
}

}  // namespace sluice::balance
