// SPDX-License-Identifier: Apache-2.0
// The two ends of an id's life: taking over what a predecessor left, and freeing what is unused.
#include <algorithm>
#include <atomic>

#include "maps/lib/load.h"
#include "maps/tables.hpp"
#include "userspace/steering/steering.h"

namespace sluice::steering {
namespace {

using maps::View;

/// A connection whose end was never seen, because its workload was detached before, must not hold
/// an id for ever.
constexpr Duration kLongestHold = std::chrono::hours(24);

/// Longer than the kernel goes on with a SYN that nobody answers: 127 s (tcp_syn_retries: 6). That
/// it has failed is counted only then, and must not be another one's failure. Those whose workload
/// was detached before have no end that is counted.
constexpr Duration kLongestConnect = std::chrono::minutes(3);

/// kNotFound is fine: the goal is that it is gone.
Result<void> unlessGone(Result<void> result) {
  if (!result.ok() && result.error().code() == Error::Code::kNotFound) return {};
  return result;
}

template <Table table>
Result<void> eraseIfThere(DataPlane& data_plane, const typename View<table>::Key& key) {
  return unlessGone(View<table>(data_plane).erase(key));
}

IpAddress addressOf(const endpoint& value) {
  IpAddress address;
  std::ranges::copy(value.address, address.bytes.begin());
  return address;
}

/// Whether connections that are open, or may yet be, are counted by the id.
template <Table table>
Result<bool> hasConnections(DataPlane& data_plane, uint32_t id, Duration retired_for) {
  auto stats = View<table>(data_plane).get(id);
  if (!stats.ok()) return std::move(stats).error();
  const bool open = stats->established > stats->closed;
  const bool opening = stats->opened > stats->established + stats->failed + stats->given_up;
  return open || (opening && retired_for <= kLongestConnect);
}

}  // namespace

// --- recover -----------------------------------------------------------------------------------

Result<void> Steering::recover() {
  SLUICE_TRY(readNames(data_plane_, book_));
  auto contents = readContents(data_plane_, book_);
  if (!contents.ok()) return std::move(contents).error();
  contents_ = *std::move(contents);
  SLUICE_TRY(reserveRanges());
  recoverServices();
  retireLeftovers();
  SLUICE_TRY(forgetRequests());
  return View<Table::kWorkloads>(data_plane_).visit([&](uint64_t id, const workload& record) {
    workloads_[id] = record;
  });
}

/// Those of the agent before this one have ended with it.
Result<void> Steering::forgetRequests() {
  const View<Table::kEndpointLoad> loads(data_plane_);
  return loads.visit([&](uint32_t id, const endpoint_load& load) {
    if (load.requests == 0) return;
    if (auto* const shared = loads.shared(id))
      std::atomic_ref(shared->requests).store(0, std::memory_order_relaxed);
  });
}

Result<void> Steering::reserveRanges() {
  for (const auto& [id, content] : contents_.routes)
    if (!route_slots_.reserve(content.head.first_slot, content.head.slot_count))
      return Error(Error::Code::kInvalid,
                   "route " + std::to_string(id) + ": its slots are another's");
  for (const auto& [id, content] : contents_.clusters)
    if (!cluster_slots_.reserve(content.head.first_slot, CLUSTER_COUNT(content.head.shape)))
      return Error(Error::Code::kInvalid,
                   "cluster " + std::to_string(id) + ": its slots are another's");
  return {};
}

/// What is published, as far as the tables tell: a service that does not fit any more keeps it.
void Steering::recoverServices() {
  const auto route = [&](uint32_t binding) {
    const auto at = contents_.bindings.find(binding);
    return std::pair(binding, at == contents_.bindings.end() ? 0 : at->second.route);
  };
  std::map<uint32_t, ServicePlan> by_id;
  for (const auto& [key, value] : contents_.services) {
    auto& plan = by_id[value.id];
    plan.id = value.id;
    plan.keys.push_back(key);
    plan.bindings[0] = route(value.binding);
  }
  for (const auto& [key, binding] : contents_.exceptions)
    if (const auto at = by_id.find(key.first); at != by_id.end())
      at->second.bindings[key.second] = route(binding);
  for (const auto& [id, entry] : book_.entries(NAME_SERVICE))
    if (const auto at = by_id.find(id); at != by_id.end())
      published_[entry.text] = std::make_shared<const ServicePlan>(std::move(at->second));
  for (const auto& [name, service] : published_) {
    claimKeys(name, service.get());
    holdService(*service);
    planned_keys_ += service->keys.size();
  }
  dirty_keys_.clear();
  planned_ = published_;
}

/// Names that the predecessor had taken for what it never published, or had retired.
void Steering::retireLeftovers() {
  for (const auto kind : {NAME_SERVICE, NAME_BINDING, NAME_ROUTE, NAME_CLUSTER, NAME_ENDPOINT})
    for (const auto& [id, entry] : book_.entries(kind))
      if (!uses_.isUsed(kind, id)) acquired_.push_back({kind, id});
}

// --- retire ------------------------------------------------------------------------------------

/// From the top to the bottom, so that nothing names what is being freed.
Result<void> Steering::retire() {
  for (const auto kind : {NAME_SERVICE, NAME_BINDING, NAME_ROUTE, NAME_CLUSTER, NAME_ENDPOINT})
    SLUICE_TRY(freeIds(kind));
  releaseOldRanges(clock_.now() - options_.grace);
  return {};
}

Result<void> Steering::freeIds(name_kind kind) {
  for (const auto id : book_.retiredBefore(kind, clock_.now() - options_.grace)) {
    const auto retired = *book_.entries(kind).at(id).retired;
    auto held = isHeld(kind, id, retired);
    if (!held.ok()) return std::move(held).error();
    // Connections are counted by it, but none is to find the way there: what it names is freed.
    if (kind == NAME_BINDING) SLUICE_TRY(clearBinding(id));
    if (*held) continue;
    SLUICE_TRY(clear(kind, id));
    SLUICE_TRY(eraseIfThere<Table::kNames>(data_plane_, {kind, id}));
    book_.free(kind, id);
  }
  return {};
}

/// Live connections and requests carry the ids that they are counted by.
Result<bool> Steering::isHeld(name_kind kind, uint32_t id, TimePoint retired) const {
  const Duration since = clock_.now() - retired;
  if (since > kLongestHold) return false;
  if (kind == NAME_BINDING) return hasConnections<Table::kServiceStats>(data_plane_, id, since);
  if (kind == NAME_CLUSTER) return hasConnections<Table::kClusterStats>(data_plane_, id, since);
  if (kind != NAME_ENDPOINT) return false;
  auto counted = hasConnections<Table::kEndpointStats>(data_plane_, id, since);
  if (!counted.ok() || *counted) return counted;
  auto load = View<Table::kEndpointLoad>(data_plane_).get(id);
  if (!load.ok()) return std::move(load).error();
  return load_of(*load) > 0;
}

Result<bool> Steering::markGone(const std::function<bool(const IpAddress&)>& exists) {
  View<Table::kEndpoints> endpoints(data_plane_);
  bool connected = false;
  for (const auto& [id, entry] : book_.entries(NAME_ENDPOINT)) {
    if (!entry.retired) continue;
    const auto load = View<Table::kEndpointLoad>(data_plane_).get(id);
    if (!load.ok()) return load.error();
    if (load->connections <= 0) continue;
    auto value = endpoints.get(id);
    if (!value.ok()) return std::move(value).error();
    if (!(value->flags & ENDPOINT_POD) || exists(addressOf(*value))) continue;
    value->flags |= ENDPOINT_GONE;
    SLUICE_TRY(endpoints.put(id, *value));
    contents_.gone.insert(id);
    connected = true;
  }
  return connected;
}

Result<void> Steering::clear(name_kind kind, uint32_t id) {
  switch (kind) {
    case NAME_SERVICE:
      return {};  // its keys went when it was unpublished
    case NAME_BINDING:
      SLUICE_TRY(eraseIfThere<Table::kServiceStats>(data_plane_, id));
      return eraseIfThere<Table::kServiceRequests>(data_plane_, id);
    case NAME_ROUTE:
      return clearRoute(id);
    case NAME_CLUSTER:
      return clearCluster(id);
    case NAME_ENDPOINT:
      return clearEndpoint(id);
  }
  return {};
}

Result<void> Steering::clearBinding(uint32_t id) {
  for (auto at = contents_.exceptions.begin(); at != contents_.exceptions.end();) {
    if (at->second != id) {
      ++at;
      continue;
    }
    SLUICE_TRY(eraseIfThere<Table::kExceptions>(data_plane_, {at->first.first, at->first.second}));
    at = contents_.exceptions.erase(at);
  }
  contents_.bindings.erase(id);
  return eraseIfThere<Table::kBindings>(data_plane_, id);
}

Result<void> Steering::clearRoute(uint32_t id) {
  const auto known = contents_.routes.find(id);
  if (known == contents_.routes.end()) return {};
  SLUICE_TRY(eraseIfThere<Table::kRoutes>(data_plane_, id));
  route_slots_.release(known->second.head.first_slot, known->second.head.slot_count);
  contents_.routes.erase(known);
  return eraseIfThere<Table::kRouteOpened>(data_plane_, id);
}

Result<void> Steering::clearCluster(uint32_t id) {
  SLUICE_TRY(eraseIfThere<Table::kClusters>(data_plane_, id));
  if (const auto known = contents_.clusters.find(id); known != contents_.clusters.end()) {
    const auto& head = known->second.head;
    cluster_slots_.release(head.first_slot, CLUSTER_COUNT(head.shape));
    contents_.clusters.erase(known);
  }
  definitions_.erase(id);
  SLUICE_TRY(eraseIfThere<Table::kClusterStats>(data_plane_, id));
  return eraseIfThere<Table::kClusterRequests>(data_plane_, id);
}

Result<void> Steering::clearEndpoint(uint32_t id) {
  contents_.gone.erase(id);
  SLUICE_TRY(eraseIfThere<Table::kEndpoints>(data_plane_, id));
  contents_.endpoints.erase(id);
  SLUICE_TRY(eraseIfThere<Table::kEndpointLoad>(data_plane_, id));
  SLUICE_TRY(eraseIfThere<Table::kEndpointStats>(data_plane_, id));
  return eraseIfThere<Table::kEndpointRequests>(data_plane_, id);
}

void Steering::releaseOldRanges(TimePoint then) {
  std::erase_if(old_ranges_, [&](const OldRange& range) {
    if (range.since > then) return false;
    cluster_slots_.release(range.first, range.count);
    return true;
  });
}

}  // namespace sluice::steering
