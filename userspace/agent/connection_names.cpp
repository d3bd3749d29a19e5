// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/connection_names.h"

#include <map>
#include <utility>

namespace sluice::agent {
namespace {

std::string nameOf(const steering::Steering& steering, name_kind kind, uint32_t id,
                   TimePoint then) {
  const auto& entries = steering.ids().entries(kind);
  const auto found = entries.find(id);
  return found == entries.end() || found->second.named > then ? "" : found->second.text;
}

}  // namespace

ConnectionNames connectionNames(const Enroller& enroller, const steering::Steering& steering) {
  std::map<WorkloadId, std::string> workloads;
  for (const auto& known : enroller.status()) workloads[known.id] = known.workload->metadata.key();
  return {[workloads = std::move(workloads)](WorkloadId id) {
            const auto found = workloads.find(id);
            return found == workloads.end() ? "" : found->second;
          },
          [&steering](name_kind kind, uint32_t id, TimePoint then) {
            return nameOf(steering, kind, id, then);
          }};
}

}  // namespace sluice::agent
