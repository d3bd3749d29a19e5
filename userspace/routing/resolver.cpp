// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/resolver.h"

#include <ranges>
#include <utility>

#include "maps/lib/hash.h"
#include "userspace/routing/compile.h"
#include "userspace/routing/locate.h"
#include "userspace/routing/outbound_mode.h"
#include "userspace/routing/ranges.h"

namespace sluice::routing {
namespace {

using Route = std::shared_ptr<const ServiceRoute>;

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

/// Brings the ports of one host to new routes. A route that is what it was stays the object that it
/// was.
class PortsOfHost {
 public:
  PortsOfHost(const std::string& host, PortRoutes& routes) : host_(host), routes_(routes) {}

  void setCommon(ServiceRoutes& services) {
    auto& map = services.common();
    removeOthers(map);
    for (auto& [port, route] : routes_) {
      const ServiceKey key{host_, port};
      if (!becomes(route, map.get(key))) map.set(key, route);
    }
  }

  /// `common`: what class 0 has now; `services` still has what it had.
  void setOwn(ServiceRoutes& services, const ServiceRoutes::Map& common) {
    auto& map = services.own();
    removeOthers(map);
    for (auto& [port, route] : routes_) {
      const ServiceKey key{host_, port};
      if (becomes(route, common.get(key))) {
        map.erase(key);
      } else {
        becomes(route, services.find(key));
        map.set(key, route);
      }
    }
  }

 private:
  /// `route` becomes the object `other` if that is the same by content.
  static bool becomes(Route& route, const Route* other) {
    if (!other || (*other != route && **other != *route)) return false;
    route = *other;
    return true;
  }

  void removeOthers(ServiceRoutes::Map& map) const {
    std::vector<ServiceKey> gone;
    for (auto at = map.lower_bound(ServiceKey{host_, 0});
         at != map.end() && at->first.host == host_; ++at)
      if (!routes_.contains(at->first.port)) gone.push_back(at->first);
    for (const auto& key : gone) map.erase(key);
  }

  const std::string& host_;
  PortRoutes& routes_;
};

}  // namespace

std::shared_ptr<const Routing> Resolver::update(std::shared_ptr<const Snapshot> snapshot) {
  const auto last = std::exchange(snapshot_, std::move(snapshot));
  const bool anew = !last || last->agent != snapshot_->agent;
  const auto units = anew ? start(*snapshot_) : follow(*last, *snapshot_);
  if (anew || traits_changed_ || !sameClients(*last, *snapshot_)) groups_ = regroup(*snapshot_);
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
  traits_ = std::make_unique<ClientTraits>(snapshot, catalog_->registry);
  dependents_ = {};
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
  traits_changed_ = traits_->update(before, after, catalog_->registry, changes.services);
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

bool Resolver::hostDecides() const {
  return catalog_->agent.http_mode == AgentSettings::HttpMode::kIstio;
}

// --- classes -----------------------------------------------------------------------------------

Resolver::Groups Resolver::regroup(const Snapshot& snapshot) {
  Groups groups{{ClientClass{}, ClientGroup{}}};
  workload_class_.clear();
  for (const auto& [key, client] : clientsOf(snapshot))
    workload_class_[key] = add(traits_->groupOf(client), groups);
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
  for (const auto& [number, group] : groups) {
    if (views_.contains(number)) continue;
    auto& view = views_.emplace(number, View(group.client, *catalog_)).first->second;
    view.table.client_class = number;
    view.table.class_name = group.name;
    // Services first: what VirtualServices make of other hosts depends on them.
    for (const auto& unit : everyUnit()) {
      Reads reads;
      compile(unit, view, reads);
      dependents_.add(unit, reads);
    }
  }
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

/// Those of `kind`. For class 0 first: the others share its routes.
void Resolver::compile(const Dependents::Units& units, Unit::Kind kind) {
  for (const auto& unit : units) {
    if (unit.kind != kind) continue;
    Reads reads;
    for (auto& [number, view] : views_) compile(unit, view, reads);
    dependents_.set(unit, std::move(reads));
  }
}

/// What rules that several units share have asked for.
void Resolver::noteRules() {
  for (auto& [name, reads] : catalog_->rules.takeReads())
    dependents_.set({Unit::Kind::kRules, name}, std::move(reads));
}

void Resolver::compile(const Unit& unit, View& view, Reads& reads) {
  Lookups lookups(*catalog_, reads);
  if (unit.kind == Unit::Kind::kService)
    compileService(unit.name, view, lookups);
  else if (hostDecides())
    compileNames(unit.name, view, lookups);
}

void Resolver::compileService(const std::string& host, View& view, Lookups& lookups) {
  const auto* seen = lookups.service(host, view.client);
  if (seen && isAlias(*seen))
    view.table.aliases.set(host, seen->external_name);
  else
    view.table.aliases.erase(host);
  auto routes = routesOf(host, view, lookups);
  noteHidden(host, routes, view);
  auto& services = view.table.services;
  if (view.table.client_class)
    PortsOfHost(host, routes).setOwn(services, views_.at({}).table.services.common());
  else
    PortsOfHost(host, routes).setCommon(services);
  const bool ranged = seen && hasRanges(*seen);
  if (ranged || view.ranged.contains(host)) view.ranges_changed = true;
  if (ranged)
    view.ranged.insert(host);
  else
    view.ranged.erase(host);
  if (!hostDecides()) return;
  view.names.set({Unit::Kind::kService, host},
                 seen ? claimsOf(lookups, *seen, routes, view.client) : HostClaims{});
}

void Resolver::noteHidden(const std::string& host, const PortRoutes& routes, View& view) {
  auto& hidden = view.sources.hidden;
  hidden.erase(hidden.lower_bound({host, 0}), hidden.upper_bound({host, UINT16_MAX}));
  for (const auto& [port, route] : routes)
    if (isHidden(*route)) hidden.insert({host, port});
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
