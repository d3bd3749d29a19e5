// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/steering.h"

#include <algorithm>

#include "maps/tables.hpp"

namespace sluice::steering {
namespace {

using maps::View;

template <typename T>
bool sameBytes(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

ServiceEntries servicesOf(const std::map<std::string, ServicePlan>& plans) {
  ServiceEntries services;
  for (const auto& [name, plan] : plans)
    for (const auto& key : plan.keys) services[key] = {plan.id, plan.bindings.at(0).first};
  return services;
}

ExceptionEntries exceptionsOf(const std::map<std::string, ServicePlan>& plans) {
  ExceptionEntries exceptions;
  for (const auto& [name, plan] : plans)
    for (const auto& [client_class, numbers] : plan.bindings)
      if (client_class) exceptions[{plan.id, client_class}] = numbers.first;
  return exceptions;
}

}  // namespace

Steering::Steering(DataPlane& data_plane, const Clock& clock, const Options& options)
    : data_plane_(data_plane),
      clock_(clock),
      options_(options),
      book_(options.ids, SLUICE_MAX_NAMES),
      route_slots_(options.slots),
      cluster_slots_(options.slots) {}

Result<std::unique_ptr<Steering>> Steering::create(DataPlane& data_plane, const Clock& clock,
                                                   Options options) {
  std::unique_ptr<Steering> steering(new Steering(data_plane, clock, options));
  SLUICE_TRY(steering->recover());
  return steering;
}

// --- stage -------------------------------------------------------------------------------------

Result<std::vector<Refusal>> Steering::stage(const routing::Routing& routing) {
  discardPlan();
  plan_ = makePlan(routing, {contents_, published_, definitions_, book_, route_slots_,
                             cluster_slots_, SLUICE_MAX_SERVICES});
  planned_ = true;
  SLUICE_TRY(writeNames());
  for (const auto& [id, value] : plan_.endpoints) {
    SLUICE_TRY(View<Table::kEndpoints>(data_plane_).put(id, value));
    contents_.endpoints.insert(id);
  }
  SLUICE_TRY(writeClusters());
  SLUICE_TRY(writeRoutes());
  for (const auto& [id, definition] : plan_.definitions) definitions_[id] = definition;
  return plan_.refused;
}

/// Slots of a plan that was not written to its end would be lost otherwise.
void Steering::discardPlan() {
  for (const auto& [id, content] : plan_.clusters)
    cluster_slots_.release(content.head.first_slot, CLUSTER_COUNT(content.head.shape));
  for (const auto& [id, content] : plan_.routes)
    route_slots_.release(content.head.first_slot, content.head.slot_count);
  plan_ = {};
  planned_ = false;
}

Result<void> Steering::writeNames() {
  View<Table::kNames> names(data_plane_);
  for (const auto& key : book_.unwritten()) {
    const auto& entries = book_.entries(static_cast<name_kind>(key.kind));
    SLUICE_TRY(names.put(key, entries.at(key.id).value));
  }
  book_.settled();
  return {};
}

/// The slots first, then the one word that names them.
Result<void> Steering::writeClusters() {
  View<Table::kClusterSlots> slots(data_plane_);
  View<Table::kClusters> clusters(data_plane_);
  while (!plan_.clusters.empty()) {
    const auto& [id, content] = *plan_.clusters.begin();
    for (uint32_t i = 0; i < content.slots.size(); ++i)
      SLUICE_TRY(slots.put(content.head.first_slot + i, content.slots[i]));
    SLUICE_TRY(clusters.put(id, content.head));
    auto& known = contents_.clusters[id];
    old_ranges_.push_back({known.head.first_slot, CLUSTER_COUNT(known.head.shape), clock_.now()});
    known = content;
    plan_.clusters.erase(plan_.clusters.begin());
  }
  return {};
}

Result<void> Steering::writeRoutes() {
  View<Table::kRouteSlots> slots(data_plane_);
  View<Table::kRoutes> routes(data_plane_);
  while (!plan_.routes.empty()) {
    const auto& [id, content] = *plan_.routes.begin();
    for (uint32_t i = 0; i < content.slots.size(); ++i)
      SLUICE_TRY(slots.put(content.head.first_slot + i, content.slots[i]));
    SLUICE_TRY(routes.put(id, content.head));
    contents_.routes[id] = content;
    plan_.routes.erase(plan_.routes.begin());
  }
  return {};
}

// --- publish -----------------------------------------------------------------------------------

Result<void> Steering::publish() {
  if (!planned_ || !plan_.clusters.empty() || !plan_.routes.empty())
    return Error(Error::Code::kInvalid, "publish: nothing has been staged to its end");
  const auto services = servicesOf(plan_.services);
  const auto exceptions = exceptionsOf(plan_.services);
  const auto bindings = wantedBindings(exceptions);
  SLUICE_TRY(removeServices(services));
  SLUICE_TRY(writeBindings(bindings, false));
  SLUICE_TRY(writeExceptions(exceptions));
  SLUICE_TRY(writeBindings(bindings, true));
  SLUICE_TRY(addServices(services));
  published_ = plan_.services;
  retireUnused(services, exceptions);
  return {};
}

/// An element of `services` is never replaced in place, because the kernel may hand its memory
/// to the next one while a program still reads it.
Result<void> Steering::removeServices(const ServiceEntries& wanted) {
  View<Table::kServices> table(data_plane_);
  for (auto at = contents_.services.begin(); at != contents_.services.end();) {
    const auto keep = wanted.find(at->first);
    if (keep != wanted.end() && sameBytes(keep->second, at->second)) {
      ++at;
      continue;
    }
    SLUICE_TRY(table.erase(at->first));
    at = contents_.services.erase(at);
  }
  return {};
}

/// An exception that is no longer wanted stays for the grace period. Where its class lives on, its
/// binding follows the default. Where the class is gone, its workloads have not been told yet:
/// until they are, they keep the rule that they had, rather than one that is meant for others.
std::map<uint32_t, binding> Steering::wantedBindings(const ExceptionEntries& wanted) const {
  std::map<uint32_t, binding> bindings;
  std::map<uint32_t, uint32_t> defaults;  // service -> binding
  for (const auto& [name, plan] : plan_.services)
    for (const auto& [client_class, numbers] : plan.bindings) {
      bindings[numbers.first] = {numbers.second, 0};
      if (!client_class) defaults[plan.id] = numbers.first;
    }
  for (const auto& [key, id] : wanted)
    bindings[defaults.at(key.first)].flags = BINDING_HAS_EXCEPTIONS;
  for (const auto& [key, id] : contents_.exceptions) {
    const auto common = defaults.find(key.first);
    if (wanted.contains(key) || common == defaults.end()) continue;
    auto& follow = bindings[common->second];
    follow.flags = BINDING_HAS_EXCEPTIONS;
    if (plan_.classes.contains(key.second)) bindings[id] = {follow.route, 0};
  }
  return bindings;
}

/// `in_use`: those that something names already; each flips with one store.
Result<void> Steering::writeBindings(const std::map<uint32_t, binding>& wanted, bool in_use) {
  View<Table::kBindings> table(data_plane_);
  for (const auto& [id, word] : wanted) {
    const auto known = contents_.bindings.find(id);
    const bool exists = known != contents_.bindings.end();
    if (exists != in_use || (exists && sameBytes(known->second, word))) continue;
    SLUICE_TRY(table.put(id, word));
    contents_.bindings[id] = word;
  }
  return {};
}

Result<void> Steering::writeExceptions(const ExceptionEntries& wanted) {
  View<Table::kExceptions> table(data_plane_);
  for (const auto& [key, id] : wanted) {
    const auto known = contents_.exceptions.find(key);
    if (known != contents_.exceptions.end() && known->second == id) continue;
    SLUICE_TRY(table.put({key.first, key.second}, id));
    contents_.exceptions[key] = id;
  }
  return {};
}

Result<void> Steering::addServices(const ServiceEntries& wanted) {
  View<Table::kServices> table(data_plane_);
  for (const auto& [key, value] : wanted) {
    if (contents_.services.contains(key)) continue;
    SLUICE_TRY(table.put(key, value));
    contents_.services[key] = value;
  }
  return {};
}

void Steering::retireUnused(const ServiceEntries& services, const ExceptionEntries& exceptions) {
  const auto used = reachableFrom(services, exceptions, contents_);
  const auto now = clock_.now();
  book_.retireUnused(NAME_SERVICE, used.services, now);
  book_.retireUnused(NAME_BINDING, used.bindings, now);
  book_.retireUnused(NAME_ROUTE, used.routes, now);
  book_.retireUnused(NAME_CLUSTER, used.clusters, now);
  book_.retireUnused(NAME_ENDPOINT, used.endpoints, now);
}

// --- what was staged ---------------------------------------------------------------------------

std::optional<Placement> Steering::placement(const routing::ServiceKey& service,
                                             ClientClass client_class,
                                             routing::Family family) const {
  auto at = plan_.placements.find({service, client_class, family});
  if (at == plan_.placements.end()) at = plan_.placements.find({service, ClientClass{}, family});
  if (at == plan_.placements.end()) return std::nullopt;
  return at->second;
}

ClusterId Steering::clusterId(const routing::Cluster& cluster, routing::Family family) const {
  const auto at = plan_.cluster_ids.find({&cluster, family});
  return at == plan_.cluster_ids.end() ? ClusterId{} : ClusterId{at->second};
}

EndpointId Steering::endpointId(const SocketAddress& address) const {
  return {book_.find(NAME_ENDPOINT, address.text())};
}

// --- workloads ---------------------------------------------------------------------------------

Result<void> Steering::setWorkload(WorkloadId id, const workload& record) {
  const auto known = workloads_.find(id.value);
  if (known != workloads_.end() && sameBytes(known->second, record)) return {};
  SLUICE_TRY(View<Table::kWorkloads>(data_plane_).put(id.value, record));
  workloads_[id.value] = record;
  return {};
}

Result<void> Steering::removeWorkload(WorkloadId id) {
  if (!workloads_.contains(id.value)) return {};
  SLUICE_TRY(View<Table::kWorkloads>(data_plane_).erase(id.value));
  workloads_.erase(id.value);
  return {};
}

Result<void> Steering::keepWorkloads(std::span<const WorkloadId> ids) {
  std::vector<WorkloadId> gone;
  for (const auto& [id, record] : workloads_)
    if (std::find(ids.begin(), ids.end(), WorkloadId{id}) == ids.end()) gone.push_back({id});
  for (const auto id : gone) SLUICE_TRY(removeWorkload(id));
  return {};
}

}  // namespace sluice::steering
