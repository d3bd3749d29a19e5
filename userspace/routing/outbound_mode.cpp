// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/outbound_mode.h"

#include <optional>

#include "userspace/routing/age.h"

namespace sluice::routing {
namespace {

/// How close a Sidecar is to the client, closest first.
enum class Rank { kSelected, kNamespace, kRoot };

bool hasSelector(const Sidecar& sidecar) {
  return sidecar.workload_selector && !sidecar.workload_selector->labels.empty();
}

std::optional<Rank> rankOf(const Sidecar& sidecar, const Client& client,
                           const std::string& root_namespace) {
  const auto& in = sidecar.metadata.namespace_;
  if (hasSelector(sidecar)) {
    const bool selected = in == client.namespace_ && client.has(sidecar.workload_selector->labels);
    return selected ? std::optional(Rank::kSelected) : std::nullopt;
  }
  if (in == client.namespace_) return Rank::kNamespace;
  return in == root_namespace ? std::optional(Rank::kRoot) : std::nullopt;
}

}  // namespace

Sidecar::OutboundMode outboundModeFor(const Snapshot& snapshot, const Client& client) {
  const Sidecar* best = nullptr;
  std::optional<Rank> best_rank;
  for (const auto& sidecar : snapshot.sidecars) {
    const auto rank = rankOf(*sidecar, client, snapshot.agent.root_namespace);
    if (!rank) continue;
    const bool closer = !best || *rank < *best_rank ||
                        (*rank == *best_rank && isOlder(sidecar->metadata, best->metadata));
    if (!closer) continue;
    best = sidecar.get();
    best_rank = rank;
  }
  return best ? best->outbound_mode.value_or(snapshot.agent.outbound_traffic_policy)
              : snapshot.agent.outbound_traffic_policy;
}

}  // namespace sluice::routing
