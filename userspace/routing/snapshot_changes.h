// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "userspace/model/resources.h"

namespace sluice::routing {

/// What is in one list of a Snapshot and not in the next, and the other way round. A resource that
/// was changed is in both, as the two objects that it was and is.
template <typename T>
struct ListChanges {
  Snapshot::List<T> removed, added;
  bool empty() const { return removed.empty() && added.empty(); }
};

/// Resources that did not change have kept their object, so that addresses are compared, and names
/// only where those differ. Lists that are not in the order of their names give more changes than
/// there were, never fewer; whoever uses them takes the removed away first.
template <typename T>
ListChanges<T> changesOf(const Snapshot::List<T>& before, const Snapshot::List<T>& after) {
  ListChanges<T> changes;
  if (before.sharesWith(after)) return changes;
  size_t i = 0;
  size_t j = 0;
  while (i < before.size() || j < after.size()) {
    if (i < before.size() && j < after.size() && before[i] == after[j]) {
      ++i;
      ++j;
      continue;
    }
    const bool both = i < before.size() && j < after.size();
    const auto order = both ? before[i]->metadata.key().compare(after[j]->metadata.key())
                            : (j < after.size() ? 1 : -1);
    if (order <= 0) changes.removed.push_back(before[i++]);
    if (order >= 0) changes.added.push_back(after[j++]);
  }
  return changes;
}

}  // namespace sluice::routing
