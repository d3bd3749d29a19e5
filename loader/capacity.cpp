// SPDX-License-Identifier: Apache-2.0
#include "loader/capacity.h"

#include <sys/sysinfo.h>

#include <algorithm>

#include "loader/memory_limit.h"

namespace sluice::loader {

namespace {

constexpr uint64_t kEnough = uint64_t{4} << 30;
constexpr uint64_t kLeastShare = 16;
constexpr uint64_t kLimitCounts = 4;  // times as much as memory that others use as well

constexpr uint32_t kMost[] = {
#define TABLE(Name, bpf_name, Key, Value, entries) entries,
#include "maps/abi/tables.def"
#undef TABLE
};

/// What decides how large a table has to be.
enum class Measure {
  kFixed,
  kServices,
  kServiceIds,  ///< indexed by ids, of which 0 is nobody's
  kEndpoints,
  kEndpointIds,
  kBoth,
};

Measure measureOf(Table table) {
  switch (table) {
    case Table::kServices:
    case Table::kExceptions:
    case Table::kRouteSlots:
      return Measure::kServices;
    case Table::kBindings:
    case Table::kRoutes:
    case Table::kClusters:
    case Table::kServiceStats:
    case Table::kClusterStats:
    case Table::kServiceRequests:
    case Table::kClusterRequests:
    case Table::kRouteOpened:
      return Measure::kServiceIds;
    case Table::kClusterSlots:
      return Measure::kEndpoints;
    case Table::kEndpoints:
    case Table::kEndpointLoad:
    case Table::kEndpointStats:
    case Table::kEndpointRequests:
      return Measure::kEndpointIds;
    case Table::kNames:
      return Measure::kBoth;
    case Table::kWorkloads:
    case Table::kReasons:
    case Table::kEndings:
    case Table::kFailures:
    case Table::kOriginalDestinations:
    case Table::kControl:
      return Measure::kFixed;
  }
  return Measure::kFixed;
}

/// The share `part` of `whole`, of `most`; rounded up.
uint32_t scaled(uint32_t most, uint32_t part, uint32_t whole) {
  const uint64_t entries = (uint64_t{most} * std::max(part, 1U) + whole - 1) / whole;
  return static_cast<uint32_t>(std::min<uint64_t>(entries, most));
}

}  // namespace

Capacity capacityFor(uint64_t memory_bytes, uint64_t limit_bytes) {
  const auto usable = std::min(memory_bytes, std::min(limit_bytes, kEnough) * kLimitCounts);
  const auto memory = std::clamp(usable, kEnough / kLeastShare, kEnough) >> 20;
  const auto share = [&](uint64_t most) {
    return static_cast<uint32_t>(most * memory / (kEnough >> 20));
  };
  return {share(SLUICE_MAX_SERVICES), share(SLUICE_MAX_ENDPOINTS)};
}

Capacity capacityOfMachine() {
  struct sysinfo machine{};
  if (::sysinfo(&machine) != 0) return {};
  return capacityFor(uint64_t{machine.totalram} * machine.mem_unit, memoryLimit());
}

uint32_t entriesOf(Table table, const Capacity& capacity) {
  const uint32_t most = kMost[static_cast<size_t>(table)];
  const auto by_services = scaled(most, capacity.services, SLUICE_MAX_SERVICES);
  const auto by_endpoints = scaled(most, capacity.endpoints, SLUICE_MAX_ENDPOINTS);
  switch (measureOf(table)) {
    case Measure::kServices:
      return by_services;
    case Measure::kServiceIds:
      return std::min(by_services + 1, most);
    case Measure::kEndpoints:
      return by_endpoints;
    case Measure::kEndpointIds:
      return std::min(by_endpoints + 1, most);
    case Measure::kBoth:
      return std::max(by_services, by_endpoints);
    case Measure::kFixed:
      break;
  }
  return most;
}

}  // namespace sluice::loader
