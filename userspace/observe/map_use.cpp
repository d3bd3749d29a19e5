// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/map_use.h"

#include <cmath>

namespace sluice::observe {
namespace {

std::string_view nameOf(Table table) {
  switch (table) {
#define TABLE(Name, bpf_name, Key, Value, entries) \
  case Table::k##Name:                             \
    return #bpf_name;
#include "maps/abi/tables.def"
#undef TABLE
  }
  return "";
}

std::string_view whenFull(Table table) {
  switch (table) {
#define FULL(Name, what) \
  case Table::k##Name:   \
    return what;
#include "maps/abi/full.def"
#undef FULL
  }
  return "";
}

/// Percent, to a tenth.
double pressureOf(uint32_t entries, uint32_t capacity) {
  return std::round(1000.0 * entries / capacity) / 10;
}

}  // namespace

Json mapItems(const std::vector<MapUse>& maps) {
  Json items = Json::array();
  for (const auto& map : maps) {
    Json item = {{"name", nameOf(map.table)}, {"type", map.type}, {"capacity", map.capacity}};
    if (map.entries) {
      item["entries"] = *map.entries;
      item["pressure"] = pressureOf(*map.entries, map.capacity);
    }
    item["bytes"] = map.bytes;
    item["whenFull"] = whenFull(map.table);
    items.push_back(std::move(item));
  }
  return items;
}

void addMaps(MetricsPage& page, const std::vector<MapUse>& maps) {
  for (const auto& map : maps) {
    if (!map.entries) continue;
    page.add(Metric::kMapEntries, {nameOf(map.table)}, *map.entries);
    page.add(Metric::kMapCapacity, {nameOf(map.table)}, map.capacity);
  }
}

}  // namespace sluice::observe
