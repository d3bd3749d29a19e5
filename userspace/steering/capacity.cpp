// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/capacity.h"

#include <algorithm>

namespace sluice::steering {
namespace {

constexpr Table kTables[] = {
#define TABLE(Name, bpf_name, Key, Value, entries) Table::k##Name,
#include "maps/abi/tables.def"
#undef TABLE
};

/// Whose ids a table is indexed by.
std::optional<name_kind> kindOf(Table table) {
  switch (table) {
    case Table::kBindings:
    case Table::kServiceStats:
    case Table::kServiceRequests:
      return NAME_BINDING;
    case Table::kRoutes:
    case Table::kRouteOpened:
      return NAME_ROUTE;
    case Table::kClusters:
    case Table::kClusterStats:
    case Table::kClusterRequests:
      return NAME_CLUSTER;
    case Table::kEndpoints:
    case Table::kEndpointLoad:
    case Table::kEndpointStats:
    case Table::kEndpointRequests:
      return NAME_ENDPOINT;
    default:
      return std::nullopt;
  }
}

uint32_t countOf(size_t size) { return static_cast<uint32_t>(size); }

uint32_t usedOf(const RangeAllocator& slots) { return slots.size() - slots.left(); }

}  // namespace

Options fitted(Options options, const DataPlane& tables) {
  const auto lower = [&](name_kind kind, uint32_t most) {
    auto& limit = options.ids[kind - 1];
    limit = std::min(limit, most);
  };
  lower(NAME_SERVICE, tables.capacity(Table::kServices));
  for (const Table table : kTables)
    if (const auto kind = kindOf(table)) lower(*kind, tables.capacity(table) - 1);
  return options;
}

std::optional<uint32_t> Steering::used(Table table) const {
  if (const auto kind = kindOf(table)) return countOf(book_.entries(*kind).size());
  switch (table) {
    case Table::kWorkloads:
      return countOf(workloads_.size());
    case Table::kServices:
      return countOf(contents_.services.size());
    case Table::kExceptions:
      return countOf(contents_.exceptions.size());
    case Table::kRouteSlots:
      return usedOf(route_slots_);
    case Table::kClusterSlots:
      return usedOf(cluster_slots_);
    case Table::kNames:
      return book_.used();
    default:
      return std::nullopt;
  }
}

}  // namespace sluice::steering
