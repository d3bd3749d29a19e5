// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/resolver.h"

#include <ranges>
#include <utility>

#include "maps/lib/hash.h"
#include "userspace/routing/compile.h"
#include "userspace/routing/locate.h"
#include "userspace/routing/outbound_mode.h"
#include "userspace/routing/ports_of_host.h"
#include "userspace/routing/ranges.h"

namespace sluice::routing {
namespace {

/// Numbers of classes outlive the agent in the kernel's tables and must not depend on which other
/// classes there are, so they are hashes of the names.
ClientClass numberOf(const std::string& class_name) {
  return {static_cast<uint32_t>(fnv1a64(class_name.data(), class_name.size()))};
}

bool isAlias(const RegistryService& service) {
  return service.resolution == RegistryService::Resolution::kAlias;
}

/// Whether clients may be others than they were; what they depend on besides the rules.
bool sameClients(const Snapshot& a, const Snapshot& b) {
  return a.workloads == b.workloads && a.pods == b.pods && a.nodes == b.nodes;
}

/// For how many clients of a unit others are looked for that have the same of it: enough for those
/// that a rule tells apart, few enough for rules that tell apart everyone.
constexpr size_t kMostPrecedents = 8;

void setAlias(const std::string& host, const std::string* target,
              SharedMap<std::string, std::string>& aliases) {
  if (target)
    aliases.set(host, *target);
  else
    aliases.erase(host);
}

auto portsOf(const std::string& host, const std::set<ServiceKey>& keys) {
  return std::pair{keys.lower_bound({host, 0}), keys.upper_bound({host, UINT16_MAX})};
}

void eraseHost(const std::string& host, std::set<ServiceKey>& keys) {
  const auto [first, last] = portsOf(host, keys);
  keys.erase(first, last);
}

}  // namespace

std::shared_ptr<const Routing> Resolver::update(std::shared_ptr<const Snapshot> snapshot) {
  const auto last = std::exchange(snapshot_, std::move(snapshot));
  const bool anew = !last || last->agent != snapshot_->agent;
  const auto units = anew ? start(*snapshot_) : follow(*last, *snapshot_);
  if (anew || groups_changed_ || !sameClients(*last, *snapshot_)) groups_ = regroup(*snapshot_);
  dropViews(groups_);
  compile(units);
  addViews(groups_);
  for (auto& [number, view] : views_) finish(view);
  return publish(*snapshot_);
}

/// Everything depends on the settings of the agent. Routes stay for what comes out the same.
Dependents::Units Resolver::start(const Snapshot& snapshot) {
  Dependents::Units units;
  if (const auto common = views_.find({}); common != views_.end())
    for (const auto& [key, route] : common->second.table.services)
      units.insert({Unit::Kind::kService, key.host});
  catalog_ = std::make_unique<Catalog>(snapshot);
  dependents_ = {};
  traits_.clear();
  for (auto& [number, view] : views_) {
    view.table.aliases.clear();
    view.names = HostBook(catalog_->virtual_services, view.client.namespace_);
    view.ranged.clear();
    view.ranges_changed = true;
  }
  units.merge(everyUnit());
  return units;
}

Dependents::Units Resolver::follow(const Snapshot& before, const Snapshot& after) {
  const auto changes = catalog_->update(before, after);
  groups_changed_ = changes.groups;
  return dependents_.of(changes, catalog_->registry.byEnding());
}

Dependents::Units Resolver::everyUnit() const {
  Dependents::Units units;
  for (const auto& host : catalog_->registry.hosts() | std::views::keys)
    units.insert({Unit::Kind::kService, host});
  for (const auto& name : catalog_->virtual_services.names())
    units.insert({Unit::Kind::kVirtualService, name});
  return units;
}

bool Resolver::isThere(const Unit& unit) const {
  if (unit.kind == Unit::Kind::kService) return catalog_->registry.hosts().contains(unit.name);
  return catalog_->virtual_services.find(unit.name);
}

bool Resolver::hostDecides() const {
  return catalog_->agent.http_mode == AgentSettings::HttpMode::kIstio;
}

// --- classes -----------------------------------------------------------------------------------

Resolver::Groups Resolver::regroup(const Snapshot& snapshot) {
  Groups groups{{ClientClass{}, ClientGroup{}}};
  workload_class_.clear();
  for (const auto& [key, client] : clientsOf(snapshot))
    workload_class_[key] = add(catalog_->traits.groupOf(client), groups);
  return groups;
}

std::map<std::string, Client> Resolver::clientsOf(const Snapshot& snapshot) const {
  std::map<std::string, Client> clients;
  if (only_) {
    if (auto client = findClient(snapshot, catalog_->registry, *only_))
      clients.emplace(*only_, *std::move(client));
    return clients;
  }
  for (const auto& workload : snapshot.workloads)
    clients.emplace(workload->metadata.key(),
                    clientOf(*workload, catalog_->registry, snapshot.agent));
  return clients;
}

/// Two names with one hash are told apart by counting on from it.
ClientClass Resolver::add(const ClientGroup& group, Groups& groups) {
  if (group.name.empty()) return {};
  ClientClass number = numberOf(group.name);
  while (groups.try_emplace(number, group).first->second.name != group.name) ++number.value;
  return number;
}

void Resolver::dropViews(const Groups& groups) {
  std::erase_if(views_, [&](const auto& entry) {
    const auto group = groups.find(entry.first);
    return group == groups.end() || group->second.name != entry.second.table.class_name;
  });
}

/// A new class has everything compiled.
void Resolver::addViews(const Groups& groups) {
  std::vector<View*> added;
  for (const auto& [number, group] : groups) {
    if (views_.contains(number)) continue;
    auto& view = views_.emplace(number, View(group.client, *catalog_)).first->second;
    view.table.client_class = number;
    view.table.class_name = group.name;
    added.push_back(&view);
  }
  if (added.empty()) return;
  // Services first: what VirtualServices make of other hosts depends on them.
  for (const auto& unit : everyUnit()) dependents_.add(unit, compile(unit, added));
  takeChangedOwners();
  noteRules();
}

// --- compiling ---------------------------------------------------------------------------------

void Resolver::compile(const Dependents::Units& units) {
  compile(units, Unit::Kind::kService);
  if (hostDecides()) {
    auto concerned = takeChangedOwners();
    concerned.insert(units.begin(), units.end());
    compile(concerned, Unit::Kind::kVirtualService);
  }
  noteRules();
}

void Resolver::compile(const Dependents::Units& units, Unit::Kind kind) {
  std::vector<View*> views;
  views.reserve(views_.size());
  for (auto& [number, view] : views_) views.push_back(&view);
  for (const auto& unit : units)
    if (unit.kind == kind) dependents_.set(unit, compile(unit, views));
}

/// Class 0, when it is among them, is the first: the others share its routes. Whoever is alike for
/// all that the unit has asked for has the same of it. Returns what it has asked for.
Reads Resolver::compile(const Unit& unit, const std::vector<View*>& views) {
  Reads all;
  std::vector<Precedent> precedents;
  if (!views.empty() && views.front()->table.client_class) {
    const auto traits = traits_.find(unit);
    precedents.push_back(
        {&views_.at({}), traits == traits_.end() ? JointTraits{} : traits->second});
  }
  for (auto* view : views) {
    if (const auto* other = alike(unit, precedents, *view)) {
      share(unit, *other, *view);
      continue;
    }
    Reads reads;
    auto traits = compile(unit, *view, reads);
    all.merge(reads);
    if (!view->table.client_class) noteTraits(unit, traits);
    if (precedents.size() < kMostPrecedents) precedents.push_back({view, std::move(traits)});
  }
  return all;
}

void Resolver::noteTraits(const Unit& unit, JointTraits traits) {
  if (traits.empty() || !isThere(unit))
    traits_.erase(unit);
  else
    traits_.insert_or_assign(unit, std::move(traits));
}

const Resolver::View* Resolver::alike(const Unit& unit, const std::vector<Precedent>& precedents,
                                      const View& view) const {
  if (share_ == Share::kNothing) return nullptr;
  const auto same_ports = [&](const View& other) {
    return unit.kind != Unit::Kind::kVirtualService ||
           other.names.portsOwnedBy(unit.name) == view.names.portsOwnedBy(unit.name);
  };
  for (const auto& [other, traits] : precedents)
    if (traits.areAlike(other->client, view.client) && same_ports(*other)) return other;
  return nullptr;
}

void Resolver::share(const Unit& unit, const View& from, View& to) const {
  if (unit.kind == Unit::Kind::kService) shareService(unit.name, from, to);
  if (!hostDecides()) return;
  auto claims = from.names.claimsOf(unit);
  for (auto& claim : claims.claims)
    if (const auto* own = to.table.services.own().get(ServiceKey{unit.name, claim.port}))
      claim.route = *own;
  to.names.set(unit, std::move(claims));
}

void Resolver::shareService(const std::string& host, const View& from, View& to) const {
  setAlias(host, from.table.aliases.get(host), to.table.aliases);
  PortsOfHost(host, to.table.services).copyOwn(from.table.services);
  eraseHost(host, to.sources.hidden);
  const auto [first, last] = portsOf(host, from.sources.hidden);
  to.sources.hidden.insert(first, last);
  noteRanges(host, from.ranged.contains(host), to);
}

/// What rules that several units share have asked for.
void Resolver::noteRules() {
  for (auto& [name, reads] : catalog_->rules.takeReads())
    dependents_.set({Unit::Kind::kRules, name}, std::move(reads));
}

/// By what clients are told apart in all that was asked for.
JointTraits Resolver::compile(const Unit& unit, View& view, Reads& reads) {
  Lookups lookups(*catalog_, reads);
  if (unit.kind == Unit::Kind::kService)
    compileService(unit.name, view, lookups);
  else if (hostDecides())
    compileNames(unit.name, view, lookups);
  return lookups.traits();
}

void Resolver::compileService(const std::string& host, View& view, Lookups& lookups) {
  const auto* seen = lookups.service(host, view.client);
  setAlias(host, seen && isAlias(*seen) ? &seen->external_name : nullptr, view.table.aliases);
  auto routes = routesOf(host, view, lookups);
  noteHidden(host, routes, view);
  auto& services = view.table.services;
  if (view.table.client_class)
    PortsOfHost(host, services).setOwn(routes, views_.at({}).table.services.common());
  else
    PortsOfHost(host, services).setCommon(routes);
  noteRanges(host, seen && hasRanges(*seen), view);
  if (!hostDecides()) return;
  view.names.set({Unit::Kind::kService, host},
                 seen ? claimsOf(lookups, *seen, routes, view.client) : HostClaims{});
}

void Resolver::noteHidden(const std::string& host, const PortRoutes& routes, View& view) {
  auto& hidden = view.sources.hidden;
  eraseHost(host, hidden);
  for (const auto& [port, route] : routes)
    if (isHidden(*route)) hidden.insert({host, port});
}

void Resolver::noteRanges(const std::string& host, bool ranged, View& view) {
  if (ranged || view.ranged.contains(host)) view.ranges_changed = true;
  if (ranged)
    view.ranged.insert(host);
  else
    view.ranged.erase(host);
}

/// Every table has every port of every host, so that a service that the client may not see is known
/// to be one.
PortRoutes Resolver::routesOf(const std::string& host, const View& view, Lookups& lookups) const {
  PortRoutes routes;
  const auto* seen = lookups.service(host, view.client);
  for (const auto& candidate : lookups.candidates(host)) {
    if (isAlias(*candidate)) continue;
    for (const auto& port : candidate->ports) {
      const auto [route, is_new] = routes.try_emplace(port.number);
      if (!is_new) continue;
      const auto* seen_port = seen ? seen->port(port.number) : nullptr;
      route->second = seen_port ? compileRoute(lookups, *seen, *seen_port, view.client)
                                : hiddenRoute(*candidate, port);
    }
  }
  return routes;
}

void Resolver::compileNames(const std::string& virtual_service, View& view, Lookups& lookups) {
  const auto* service = lookups.virtualService(virtual_service);
  view.names.set(
      {Unit::Kind::kVirtualService, virtual_service},
      service ? claimsOf(lookups, *service, view.names.portsOwnedBy(virtual_service), view.client)
              : HostClaims{});
}

/// VirtualServices that decide on other ports now, as units.
Dependents::Units Resolver::takeChangedOwners() {
  Dependents::Units units;
  for (auto& [number, view] : views_)
    for (const auto& name : view.names.takeChangedOwners())
      units.insert({Unit::Kind::kVirtualService, name});
  return units;
}

// --- the result --------------------------------------------------------------------------------

void Resolver::finish(View& view) {
  auto& table = view.table;
  if (table.client_class) table.services.common() = views_.at({}).table.services.common();
  table.virtual_hosts = hostDecides() ? view.names.hosts() : decltype(table.virtual_hosts){};
  view.sources.foreign = hostDecides() ? view.names.foreign() : decltype(PortSources::foreign){};
  table.outbound_mode = outboundModeFor(*snapshot_, view.client);
  if (!std::exchange(view.ranges_changed, false)) return;
  table.ranges = buildRanges(catalog_->registry, view.ranged, table, view.client, hostDecides());
}

std::shared_ptr<const Routing> Resolver::publish(const Snapshot& snapshot) {
  auto routing = std::make_shared<Routing>();
  routing->revision = snapshot.revision;
  routing->agent = snapshot.agent;
  routing->workload_class = workload_class_;
  std::map<ClientClass, PortSources> sources;
  for (const auto& [number, view] : views_) {
    routing->tables.emplace(number, view.table);
    sources.emplace(number, view.sources);
  }
  addPortRoutes(routing->tables, sources, published_.get());
  return published_ = std::move(routing);
}

}  // namespace sluice::routing
