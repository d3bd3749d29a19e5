// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/authorizer.h"

#include <fmt/format.h>

#include <algorithm>

#include "maps/addresses.hpp"
#include "userspace/broker/called_service.h"
#include "userspace/broker/slot_range.h"

namespace sluice::broker {

namespace {

// A hint costs some 64 bytes; beyond this the search starts afresh.
constexpr size_t kMaxHints = 65536;

Error refused(const UpstreamTarget& target, const char* why) {
  return Error(Error::Code::kPermission,
               fmt::format("connect workload {:x} to endpoint {} of cluster {} by route {}: {}",
                           target.workload.value, target.endpoint.value, target.cluster.value,
                           target.route.value, why));
}

bool names(const alias_slot& slot, uint32_t member) {
  return slot.own == member || slot.alias == member;
}

}  // namespace

Result<SocketAddress> Authorizer::authorize(const UpstreamTarget& target) {
  const auto route = routeOf(target);
  if (!route.ok()) return route.error();
  if (target.origin) return authorizeOrigin(*route, target);
  // 0 is no id, but it is what an unused slot or fallback holds.
  if (!target.route || !target.cluster || !target.endpoint) return refused(target, "an id is 0");
  SLUICE_TRY(checkCluster(*route, target));
  SLUICE_TRY(checkEndpoint(target));
  return addressOf(target.endpoint);
}

std::optional<uint32_t> Authorizer::classOf(WorkloadId workload) {
  const auto record = workloads_.get(workload.value);
  const auto known = classes_.find(workload);
  if (!record.ok()) return known == classes_.end() ? std::nullopt : std::optional(known->second);
  if (known == classes_.end() && classes_.size() >= kMaxHints) classes_.clear();
  classes_[workload] = record->client_class;
  return record->client_class;
}

Result<route> Authorizer::routeOf(const UpstreamTarget& target) {
  const auto client_class = classOf(target.workload);
  if (!client_class) return refused(target, "the workload has no record");
  const auto route = routes_.get(target.route.value);
  if (!route.ok() || route->via == ROUTE_VIA_NONE) return refused(target, "no such route");
  if (route->client_class != 0 && route->client_class != *client_class) {
    return refused(target, "the route is for other clients");
  }
  return *route;
}

Result<SocketAddress> Authorizer::authorizeOrigin(const route& route,
                                                  const UpstreamTarget& target) const {
  if (route.via != ROUTE_VIA_PROXY || (route.flags & ROUTE_TELL_ORIGIN) == 0) {
    return refused(target, "the route does not go on to the address called");
  }
  const auto called = calledService(services_, *target.origin);
  if (route.service == 0 || !called || called->id != route.service) {
    return refused(target, "the address called is not the service's");
  }
  return *target.origin;
}

Result<void> Authorizer::checkCluster(const route& route, const UpstreamTarget& target) {
  const uint32_t cluster = target.cluster.value;
  if (route.fallback == cluster) return {};
  const Search search{target.route.value, route.first_slot, route.slot_count, cluster,
                      route_slots_.capacity()};
  const auto found =
      contains(search, cluster_hints_, [this](uint32_t index) { return route_slots_.get(index); });
  if (!found.ok()) return found.error();
  return *found ? Result<void>() : refused(target, "the cluster is not the route's");
}

Result<void> Authorizer::checkEndpoint(const UpstreamTarget& target) {
  const auto cluster = clusters_.get(target.cluster.value);
  if (!cluster.ok() || (cluster->shape & CLUSTER_EXISTS) == 0) {
    return refused(target, "no such cluster");
  }
  const Search search{target.cluster.value, cluster->first_slot, CLUSTER_COUNT(cluster->shape),
                      target.endpoint.value, cluster_slots_.capacity()};
  const auto found = contains(search, endpoint_hints_,
                              [this](uint32_t index) { return cluster_slots_.get(index); });
  if (!found.ok()) return found.error();
  const bool kept =
      std::ranges::binary_search(kept_, std::pair(target.cluster.value, target.endpoint.value));
  return *found || kept ? Result<void>() : refused(target, "the endpoint is not the cluster's");
}

Result<void> Authorizer::keepMembers() {
  forgetMembers();
  Result<void> outcome;
  const auto visited = clusters_.visit([&](uint32_t id, const cluster_ref& ref) {
    if (outcome.ok() && (ref.shape & CLUSTER_EXISTS) != 0) outcome = keepMembersOf(id, ref);
  });
  if (outcome.ok()) outcome = visited;
  if (!outcome.ok()) forgetMembers();
  std::ranges::sort(kept_);
  return outcome;
}

Result<void> Authorizer::keepMembersOf(uint32_t cluster, const cluster_ref& ref) {
  const uint32_t count = CLUSTER_COUNT(ref.shape);
  if (!hasRange(cluster_slots_.capacity(), ref.first_slot, count)) return {};  // nor is it allowed
  for (uint32_t offset = 0; offset < count; ++offset) {
    const auto slot = cluster_slots_.get(ref.first_slot + offset);
    if (!slot.ok()) return slot.error();
    kept_.emplace_back(cluster, slot->own);
    if (slot->alias != slot->own) kept_.emplace_back(cluster, slot->alias);
  }
  return {};
}

Result<SocketAddress> Authorizer::addressOf(EndpointId endpoint) const {
  const auto record = endpoints_.get(endpoint.value);
  if (!record.ok()) return record.error();
  const auto address = maps::addressOf(*record);
  if (address.port == 0) {
    return Error(Error::Code::kPermission,
                 fmt::format("endpoint {} is not written", endpoint.value));
  }
  return address;
}

// A read of a slot is a system call, and a cluster may have thousands. The hint makes the usual
// case one read; it is only where to look first, so that a stale one cannot allow anything.
Result<bool> Authorizer::contains(const Search& search, Hints& hints, const ReadSlot& read) {
  if (!hasRange(search.slots, search.first, search.count)) {
    return Error(Error::Code::kPermission,
                 fmt::format("slots of {} are out of range", search.owner));
  }
  const auto hint = hints.find({search.owner, search.member});
  if (hint != hints.end() && hint->second < search.count) {
    const auto slot = read(search.first + hint->second);
    if (slot.ok() && names(*slot, search.member)) return true;
  }
  for (uint32_t offset = 0; offset < search.count; ++offset) {
    const auto slot = read(search.first + offset);
    if (!slot.ok()) return slot.error();
    if (!names(*slot, search.member)) continue;
    if (hints.size() >= kMaxHints) hints.clear();
    hints[{search.owner, search.member}] = offset;
    return true;
  }
  return false;
}

}  // namespace sluice::broker
