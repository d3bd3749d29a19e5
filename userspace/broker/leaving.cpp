// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/leaving.h"

#include <utility>

namespace sluice::broker {

Leaving::~Leaving() {
  for (const auto& [workload, entry] : entries_) reactor_.cancel(entry.timer);
}

void Leaving::add(WorkloadId workload, NetworkNamespace there) {
  forget(workload);
  const auto timer = reactor_.after(kLongest, [this, workload] { entries_.erase(workload); });
  entries_.emplace(workload, Entry{std::move(there), timer});
}

const NetworkNamespace* Leaving::namespaceOf(WorkloadId workload) const {
  const auto found = entries_.find(workload);
  return found == entries_.end() ? nullptr : &found->second.there;
}

void Leaving::forget(WorkloadId workload) {
  const auto found = entries_.find(workload);
  if (found == entries_.end()) return;
  reactor_.cancel(found->second.timer);
  entries_.erase(found);
}

}  // namespace sluice::broker
