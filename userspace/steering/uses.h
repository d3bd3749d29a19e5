// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "userspace/steering/contents.h"

namespace sluice::steering {

/// Which ids one can come to from what is published: bindings name routes, routes name clusters,
/// clusters name endpoints. Counted, so that a change costs what it changes.
class Uses {
 public:
  /// Borrows the contents; what they say of a route never changes.
  explicit Uses(const Contents& contents) : contents_(contents) {}

  /// One more name for it from the top: a service or a binding.
  void hold(name_kind kind, uint32_t id);
  /// One less. Ids that nothing names any more are in takeUnused().
  void drop(name_kind kind, uint32_t id);

  /// A binding names another route; to be called when the contents say so.
  void bindingChanged(uint32_t id);
  /// A cluster has other members than `before`; to be called when the contents say so.
  void clusterChanged(uint32_t id, const std::vector<alias_slot>& before);

  bool isUsed(name_kind kind, uint32_t id) const { return counts(kind).contains(id); }
  /// Those that became unused since the last call, and are still.
  std::set<std::pair<name_kind, uint32_t>> takeUnused();

 private:
  using Counts = std::map<uint32_t, uint32_t>;

  Counts& counts(name_kind kind) { return counts_[kind - 1]; }
  const Counts& counts(name_kind kind) const { return counts_[kind - 1]; }
  void holdMembers(name_kind kind, uint32_t id);
  void dropMembers(name_kind kind, uint32_t id);
  std::vector<std::pair<name_kind, uint32_t>> membersOf(name_kind kind, uint32_t id) const;

  const Contents& contents_;
  std::array<Counts, IdBook::kKinds> counts_;
  std::map<uint32_t, uint32_t> routes_;  ///< that each binding is counted as a name of
  std::set<std::pair<name_kind, uint32_t>> unused_;
};

}  // namespace sluice::steering
