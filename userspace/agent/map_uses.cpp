// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/map_uses.h"

namespace sluice::agent {
namespace {

Result<uint32_t> count(DataPlane& data_plane, Table table) {
  uint32_t elements = 0;
  SLUICE_TRY(data_plane.visit(table, [&](DataPlane::Bytes, DataPlane::Bytes) { ++elements; }));
  return elements;
}

/// Those that the kernel's programs add, and that are few.
bool isFilledByPrograms(Table table) {
  return table == Table::kOriginalDestinations || table == Table::kFailures;
}

}  // namespace

Result<std::vector<observe::MapUse>> mapUses(loader::MapDataPlane& data_plane,
                                             const steering::Steering& steering) {
  std::vector<observe::MapUse> maps;
  for (const auto& facts : data_plane.facts()) {
    auto& map = maps.emplace_back(observe::MapUse{facts.table, facts.type, facts.capacity,
                                                  steering.used(facts.table), facts.bytes});
    if (!isFilledByPrograms(map.table)) continue;
    const auto counted = count(data_plane, map.table);
    if (!counted) return counted.error();
    map.entries = *counted;
  }
  return maps;
}

}  // namespace sluice::agent
