// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/steering.h"

#include <algorithm>

#include "maps/tables.hpp"
#include "userspace/steering/capacity.h"
#include "userspace/steering/names.h"

namespace sluice::steering {
namespace {

using maps::View;

template <typename T>
bool sameBytes(const T& a, const T& b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

}  // namespace

Steering::Steering(DataPlane& data_plane, const Clock& clock, const Options& options)
    : data_plane_(data_plane),
      clock_(clock),
      options_(fitted(options, data_plane)),
      book_(options_.ids, data_plane.capacity(Table::kNames)),
      route_slots_(std::min(options.slots, data_plane.capacity(Table::kRouteSlots))),
      cluster_slots_(std::min(options.slots, data_plane.capacity(Table::kClusterSlots))) {}

Result<std::unique_ptr<Steering>> Steering::create(DataPlane& data_plane, const Clock& clock,
                                                   Options options) {
  std::unique_ptr<Steering> steering(new Steering(data_plane, clock, options));
  SLUICE_TRY(steering->recover());
  return steering;
}

// --- stage -------------------------------------------------------------------------------------

Result<std::vector<Refusal>> Steering::stage(const routing::Routing& routing,
                                             const routing::Health& health) {
  discardPlan();
  // It is in every proxied route, and in none of the objects that are compared.
  if (std::exchange(fail_policy_, routing.agent.fail_policy) != routing.agent.fail_policy) {
    forgetRoutes();
  }
  const auto changed = routing::changedClusters(health_, health);
  plan_ = makePlan(routing, {planned_, planned_keys_, planned_routes_ ? &*planned_routes_ : nullptr,
                             refused_, health, changed, contents_, definitions_, book_,
                             route_slots_, cluster_slots_, data_plane_.capacity(Table::kServices)});
  SLUICE_TRY(writeNames());
  for (const auto& [id, value] : plan_.endpoints) {
    SLUICE_TRY(View<Table::kEndpoints>(data_plane_).put(id, value));
    contents_.endpoints.insert(id);
    contents_.gone.erase(id);
  }
  SLUICE_TRY(writeClusters());
  SLUICE_TRY(writeRoutes());
  takePlan(routing, health);
  return std::exchange(plan_, {}).refused;  // the first plan is too large to be kept
}

/// So that everything is planned anew, whatever its routes are.
void Steering::forgetRoutes() {
  for (auto& [name, service] : planned_) {
    auto unknown = std::make_shared<ServicePlan>(*service);
    unknown->routes.clear();
    service = std::move(unknown);
  }
  planned_routes_.reset();
}

/// Slots of a plan that was not written to its end would be lost otherwise.
void Steering::discardPlan() {
  for (const auto& [id, content] : plan_.clusters)
    cluster_slots_.release(content.head.first_slot, CLUSTER_COUNT(content.head.shape));
  for (const auto& [id, content] : plan_.routes)
    route_slots_.release(content.head.first_slot, content.head.slot_count);
  plan_ = {};
  staged_ = false;
}

/// Everything that the plan names is written.
void Steering::takePlan(const routing::Routing& routing, const routing::Health& health) {
  for (const auto& [id, definition] : plan_.definitions) definitions_[id] = definition;
  for (const auto& name : plan_.removed) setPlanned(name, nullptr);
  for (const auto& [name, service] : plan_.services) setPlanned(name, service);
  classes_.clear();
  for (const auto& [number, table] : routing.tables) classes_.insert(number.value);
  planned_routes_ = routesOf(routing);
  health_ = health;
  refused_ = std::move(plan_.refused_services);
  staged_ = true;
}

/// Null: there is no such service any more.
void Steering::setPlanned(const std::string& name,
                          const std::shared_ptr<const ServicePlan>& service) {
  dirty_.insert(name);
  claimKeys(name, service.get());
  if (service) countClusters(*service, true);
  const auto last = planned_.find(name);
  if (last != planned_.end()) countClusters(*last->second, false);
  planned_keys_ += service ? service->keys.size() : 0;
  planned_keys_ -= last != planned_.end() ? last->second->keys.size() : 0;
  if (service)
    planned_[name] = service;
  else
    planned_.erase(name);
}

void Steering::countClusters(const ServicePlan& service, bool used) {
  for (const auto& cluster : service.clusters) {
    auto& [id, services] = cluster_ids_[cluster];
    if (used) {
      id = plan_.cluster_ids.at(cluster);
      ++services;
    } else if (--services == 0) {
      cluster_ids_.erase(cluster);
    }
  }
}

void Steering::claimKeys(const std::string& name, const ServicePlan* service) {
  if (const auto last = planned_.find(name); last != planned_.end())
    for (const auto& key : last->second->keys) {
      auto& names = claims_[key];
      names.erase(name);
      if (names.empty()) claims_.erase(key);
      dirty_keys_.insert(key);
    }
  if (!service) return;
  for (const auto& key : service->keys) {
    claims_[key].insert(name);
    dirty_keys_.insert(key);
  }
}

Result<void> Steering::writeNames() {
  View<Table::kNames> names(data_plane_);
  for (const auto& key : book_.unwritten()) {
    const auto& entries = book_.entries(static_cast<name_kind>(key.kind));
    SLUICE_TRY(names.put(key, entries.at(key.id).value()));
  }
  for (const auto& key : book_.acquired()) acquired_.push_back(key);
  book_.settled(clock_.now());
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
    const auto before = std::exchange(known, content);
    uses_.clusterChanged(id, before.slots);
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
  if (!staged_) return Error(Error::Code::kInvalid, "publish: nothing has been staged to its end");
  const auto wanted = this->wanted();
  SLUICE_TRY(removeServices(wanted));
  SLUICE_TRY(writeBindings(wanted, false));
  SLUICE_TRY(writeExceptions(wanted));
  SLUICE_TRY(writeBindings(wanted, true));
  SLUICE_TRY(addServices(wanted));
  settle();
  return {};
}

Steering::Wanted Steering::wanted() const {
  Wanted wanted;
  for (const auto& key : dirty_keys_) wanted.services[key] = ownerOf(key);
  for (const auto& name : dirty_)
    if (const auto at = planned_.find(name); at != planned_.end())
      wantBindings(*at->second, wanted);
  return wanted;
}

std::optional<service> Steering::ownerOf(const service_key& key) const {
  const auto claims = claims_.find(key);
  if (claims == claims_.end()) return std::nullopt;
  const auto& owner = planned_.at(*claims->second.rbegin());
  return service{owner->id, owner->bindings.at(0).first};
}

/// An exception that is no longer wanted stays for the grace period. Where its class lives on, its
/// binding follows the default. Where the class is gone, its workloads have not been told yet:
/// until they are, they keep the rule that they had, rather than one that is meant for others.
void Steering::wantBindings(const ServicePlan& service, Wanted& wanted) const {
  for (const auto& [client_class, numbers] : service.bindings) {
    wanted.bindings[numbers.first] = bindingTo(numbers.second);
    if (client_class) wanted.exceptions[{service.id, client_class}] = numbers.first;
  }
  auto& common = wanted.bindings[service.bindings.at(0).first];
  const binding plain = common;
  if (service.bindings.size() > 1) common.shape |= BINDING_HAS_EXCEPTIONS;
  for (auto at = contents_.exceptions.lower_bound({service.id, 0});
       at != contents_.exceptions.end() && at->first.first == service.id; ++at) {
    if (service.bindings.contains(at->first.second)) continue;
    common.shape |= BINDING_HAS_EXCEPTIONS;
    if (classes_.contains(at->first.second)) wanted.bindings[at->second] = plain;
  }
}

/// The word that names a route; connect() refuses where there is no such route.
binding Steering::bindingTo(uint32_t route) const {
  const auto known = contents_.routes.find(route);
  if (known == contents_.routes.end()) return {route, 0};
  const auto& [head, slots] = known->second;
  const bool to_one = head.via == ROUTE_VIA_ENDPOINT && slots.size() == 1;
  return {route, to_one ? slots.front().own << 8 : 0};
}

/// An element of `services` is never replaced in place, because the kernel may hand its memory
/// to the next one while a program still reads it.
Result<void> Steering::removeServices(const Wanted& wanted) {
  View<Table::kServices> table(data_plane_);
  for (const auto& [key, value] : wanted.services) {
    const auto known = contents_.services.find(key);
    if (known == contents_.services.end() || (value && sameBytes(*value, known->second))) continue;
    SLUICE_TRY(table.erase(key));
    contents_.services.erase(known);
  }
  return {};
}

/// `in_use`: those that something names already; each flips with one store.
Result<void> Steering::writeBindings(const Wanted& wanted, bool in_use) {
  View<Table::kBindings> table(data_plane_);
  for (const auto& [id, word] : wanted.bindings) {
    const auto known = contents_.bindings.find(id);
    const bool exists = known != contents_.bindings.end();
    if (exists != in_use || (exists && sameBytes(known->second, word))) continue;
    SLUICE_TRY(table.put(id, word));
    contents_.bindings[id] = word;
    uses_.bindingChanged(id);
    rerouted_ |= in_use;
  }
  return {};
}

Result<void> Steering::writeExceptions(const Wanted& wanted) {
  View<Table::kExceptions> table(data_plane_);
  for (const auto& [key, id] : wanted.exceptions) {
    const auto known = contents_.exceptions.find(key);
    if (known != contents_.exceptions.end() && known->second == id) continue;
    SLUICE_TRY(table.put({key.first, key.second}, id));
    contents_.exceptions[key] = id;
  }
  return {};
}

Result<void> Steering::addServices(const Wanted& wanted) {
  View<Table::kServices> table(data_plane_);
  for (const auto& [key, value] : wanted.services) {
    if (!value || contents_.services.contains(key)) continue;
    SLUICE_TRY(table.put(key, *value));
    contents_.services[key] = *value;
  }
  return {};
}

/// What is planned is published.
void Steering::settle() {
  for (const auto& name : dirty_) {
    const auto next = planned_.find(name);
    const auto last = published_.find(name);
    if (next != planned_.end()) holdService(*next->second);
    if (last != published_.end()) dropService(*last->second);
    if (next != planned_.end())
      published_[name] = next->second;
    else if (last != published_.end())
      published_.erase(last);
  }
  dirty_.clear();
  dirty_keys_.clear();
  retireUnused();
}

void Steering::holdService(const ServicePlan& service) {
  uses_.hold(NAME_SERVICE, service.id);
  for (const auto& [client_class, numbers] : service.bindings)
    uses_.hold(NAME_BINDING, numbers.first);
}

void Steering::dropService(const ServicePlan& service) {
  uses_.drop(NAME_SERVICE, service.id);
  for (const auto& [client_class, numbers] : service.bindings)
    uses_.drop(NAME_BINDING, numbers.first);
}

/// What has lost its last name, and what was taken for a plan that never came to be.
void Steering::retireUnused() {
  const auto now = clock_.now();
  for (const auto& [kind, id] : uses_.takeUnused()) book_.retire(kind, id, now);
  for (const auto& [kind, id] : std::exchange(acquired_, {}))
    if (const auto known = static_cast<name_kind>(kind); !uses_.isUsed(known, id))
      book_.retire(known, id, now);
}

// --- what was staged ---------------------------------------------------------------------------

std::optional<Placement> Steering::placement(const routing::ServiceKey& service,
                                             ClientClass client_class,
                                             routing::Family family) const {
  const auto at = planned_.find(serviceName(service, family));
  // Without routes: it was refused, or is a predecessor's.
  if (at == planned_.end() || at->second->routes.empty()) return std::nullopt;
  const auto& [id, keys, bindings, routes, clusters] = *at->second;
  auto numbers = bindings.find(client_class.value);
  if (numbers == bindings.end()) numbers = bindings.find(0);
  return Placement{{id}, {numbers->second.first}, {numbers->second.second}};
}

ClusterId Steering::clusterId(const routing::Cluster& cluster, routing::Family family) const {
  const auto at = cluster_ids_.find({&cluster, family});
  return at == cluster_ids_.end() ? ClusterId{} : ClusterId{at->second.first};
}

EndpointId Steering::endpointId(const SocketAddress& address) const {
  return {book_.find(NAME_ENDPOINT, address.text())};
}

uint32_t Steering::slotCount(ClusterId cluster) const {
  const auto at = contents_.clusters.find(cluster.value);
  return at == contents_.clusters.end() ? 0 : CLUSTER_COUNT(at->second.head.shape);
}

// --- workloads ---------------------------------------------------------------------------------

Result<void> Steering::setWorkload(WorkloadId id, const workload& record) {
  const auto known = workloads_.find(id.value);
  if (known != workloads_.end() && sameBytes(known->second, record)) return {};
  SLUICE_TRY(View<Table::kWorkloads>(data_plane_).put(id.value, record));
  rerouted_ |= known != workloads_.end() && known->second.client_class != record.client_class;
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
