// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/uses.h"

#include <utility>

namespace sluice::steering {
namespace {

/// What slots name, each once: own and alias may be the same, and slots share members.
std::set<uint32_t> idsIn(const std::vector<alias_slot>& slots) {
  std::set<uint32_t> ids;
  for (const auto& slot : slots) {
    if (slot.own) ids.insert(slot.own);
    if (slot.alias) ids.insert(slot.alias);
  }
  return ids;
}

}  // namespace

void Uses::hold(name_kind kind, uint32_t id) {
  if (++counts(kind)[id] > 1) return;
  unused_.erase({kind, id});
  holdMembers(kind, id);
}

void Uses::drop(name_kind kind, uint32_t id) {
  auto& all = counts(kind);
  const auto at = all.find(id);
  if (at == all.end() || --at->second > 0) return;
  all.erase(at);
  unused_.insert({kind, id});
  dropMembers(kind, id);
}

void Uses::holdMembers(name_kind kind, uint32_t id) {
  if (kind == NAME_BINDING) return bindingChanged(id);
  for (const auto& [member_kind, member] : membersOf(kind, id)) hold(member_kind, member);
}

void Uses::dropMembers(name_kind kind, uint32_t id) {
  if (kind == NAME_BINDING) {
    const auto route = routes_.extract(id);
    if (route && route.mapped()) drop(NAME_ROUTE, route.mapped());
    return;
  }
  for (const auto& [member_kind, member] : membersOf(kind, id)) drop(member_kind, member);
}

std::vector<std::pair<name_kind, uint32_t>> Uses::membersOf(name_kind kind, uint32_t id) const {
  std::vector<std::pair<name_kind, uint32_t>> members;
  if (kind == NAME_ROUTE) {
    const auto at = contents_.routes.find(id);
    if (at == contents_.routes.end()) return members;
    auto clusters = idsIn(at->second.slots);
    if (at->second.head.fallback) clusters.insert(at->second.head.fallback);
    for (const auto cluster : clusters) members.emplace_back(NAME_CLUSTER, cluster);
  } else if (kind == NAME_CLUSTER) {
    const auto at = contents_.clusters.find(id);
    if (at == contents_.clusters.end()) return members;
    for (const auto endpoint : idsIn(at->second.slots))
      members.emplace_back(NAME_ENDPOINT, endpoint);
  }
  return members;
}

void Uses::bindingChanged(uint32_t id) {
  if (!isUsed(NAME_BINDING, id)) return;
  const auto at = contents_.bindings.find(id);
  const uint32_t route = at == contents_.bindings.end() ? 0 : at->second.route;
  const uint32_t before = std::exchange(routes_[id], route);
  if (route == before) return;
  if (route) hold(NAME_ROUTE, route);
  if (before) drop(NAME_ROUTE, before);
}

void Uses::clusterChanged(uint32_t id, const std::vector<alias_slot>& before) {
  if (!isUsed(NAME_CLUSTER, id)) return;
  holdMembers(NAME_CLUSTER, id);
  for (const auto endpoint : idsIn(before)) drop(NAME_ENDPOINT, endpoint);
}

std::set<std::pair<name_kind, uint32_t>> Uses::takeUnused() { return std::exchange(unused_, {}); }

}  // namespace sluice::steering
