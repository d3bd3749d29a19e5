// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/route_check.h"

#include <cmath>

#include "maps/addresses.hpp"
#include "maps/lib/alias.h"
#include "userspace/broker/called_service.h"
#include "userspace/broker/slot_range.h"

namespace sluice::broker {
namespace {

/// Of all draws that meet the slot.
double ownShare(const alias_slot& slot) {
  return slot.threshold == ALIAS_ALWAYS_OWN ? 1
                                            : std::ldexp(static_cast<double>(slot.threshold), -64);
}

}  // namespace

RouteCheck::Route* RouteCheck::routeOf(const SeenSocket& socket) {
  const auto& connection = *socket.remembered;
  const Caller caller{connection.workload, maps::addressOf(connection)};
  auto found = found_.find(caller);
  if (found == found_.end()) found = found_.emplace(caller, findRoute(connection)).first;
  if (found->second == 0) return nullptr;
  auto known = known_.find(found->second);
  if (known == known_.end()) known = known_.emplace(found->second, read(found->second)).first;
  return &known->second;
}

/// As walk_to_route() of maps/lib/walk.h.
uint32_t RouteCheck::findRoute(const connection& connection) const {
  const auto workload = workloads_.get(connection.workload);
  const auto service = calledService(services_, maps::addressOf(connection));
  if (!workload.ok() || !service) return 0;
  auto binding = bindings_.get(service->binding);
  if (binding.ok() && (binding->shape & BINDING_HAS_EXCEPTIONS) != 0)
    if (const auto own = exceptions_.get({service->id, workload->client_class}); own.ok())
      binding = bindings_.get(*own);
  return binding.ok() ? binding->route : 0;
}

RouteCheck::Route RouteCheck::read(uint32_t id) const {
  Route made;
  made.id = id;
  const auto head = routes_.get(id);
  if (!head.ok() || !hasRange(route_slots_.capacity(), head->first_slot, head->slot_count))
    return made;
  for (uint32_t i = 0; i < head->slot_count; ++i) {
    const auto slot = route_slots_.get(head->first_slot + i);
    if (!slot.ok()) return made;
    addShares(*slot, 1.0 / head->slot_count, made);
  }
  made.via = head->via;
  made.flags = head->flags;
  return made;
}

void RouteCheck::addShares(const alias_slot& slot, double whole, Route& route) const {
  const double own = ownShare(slot);
  if (own > 0) route.shares[slot.own] += whole * own;
  if (own < 1) route.shares[slot.alias] += whole * (1 - own);
}

bool RouteCheck::hasLeft(const SeenSocket& socket, Route& route) {
  if (route.via == ROUTE_VIA_PROXY) return true;
  if (route.via != ROUTE_VIA_ENDPOINT) return false;
  if (route.shares.contains(socket.remembered->cluster)) return false;
  if (!route.endpoints) route.endpoints = endpointsOf(route);
  return !route.endpoints->contains(socket.peer());
}

std::set<SocketAddress> RouteCheck::endpointsOf(const Route& route) const {
  std::set<SocketAddress> addresses;
  for (const auto& [cluster, share] : route.shares) addEndpoints(cluster, addresses);
  return addresses;
}

/// Those that get nothing at present included.
void RouteCheck::addEndpoints(uint32_t cluster, std::set<SocketAddress>& addresses) const {
  const auto head = clusters_.get(cluster);
  if (!head.ok() ||
      !hasRange(cluster_slots_.capacity(), head->first_slot, CLUSTER_COUNT(head->shape)))
    return;
  std::set<uint32_t> members;
  for (uint32_t i = 0; i < CLUSTER_COUNT(head->shape); ++i)
    if (const auto slot = cluster_slots_.get(head->first_slot + i); slot.ok())
      members.insert({slot->own, slot->alias});
  for (const auto member : members)
    if (const auto endpoint = endpoints_.get(member); endpoint.ok())
      addresses.insert(maps::addressOf(*endpoint));
}

}  // namespace sluice::broker
