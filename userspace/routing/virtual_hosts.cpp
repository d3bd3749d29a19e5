// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/virtual_hosts.h"

#include <algorithm>
#include <tuple>

#include "userspace/routing/compile.h"
#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

constexpr uint16_t kHttpPort = 80;

bool isAlias(const RegistryService& service) {
  return service.resolution == RegistryService::Resolution::kAlias;
}

bool mayCarryHttp(Protocol protocol) { return isHttp(protocol) || protocol == Protocol::kUnknown; }

/// A Host header has IPv6 addresses in brackets.
std::string hostText(const IpAddress& ip) { return ip.isV4() ? ip.text() : "[" + ip.text() + "]"; }

/// Whether `host`, perhaps a wildcard, is or covers a service that the client sees on the port.
bool isServiceHere(Lookups& lookups, const std::string& host, uint16_t port, const Client& client) {
  if (host.starts_with('*')) return lookups.existsBelow(host, port, client);
  const auto* service = lookups.service(host, client);
  return service && service->port(port);
}

/// The names of one service on one port.
class Spellings {
 public:
  Spellings(Lookups& lookups, const RegistryService& service, uint16_t port, const Client& client)
      : lookups_(lookups), port_(port), client_(client) {
    addSpellings(service.host);
    for (const auto& alias : lookups_.aliasesOf(service.host, client_)) addSpellings(alias);
    if (service.headless) addPodNames();
    for (const auto& vip : service.vips) names_.push_back(hostText(vip));
  }

  std::vector<std::string> take() && { return std::move(names_); }

 private:
  /// Istio: a short spelling of one service never hides another's full name.
  void addSpellings(const std::string& host) {
    names_.push_back(host);
    for (auto& other : otherSpellings(host, client_.namespace_, lookups_.agent().cluster_domain))
      if (!isServiceHere(lookups_, other, port_, client_)) names_.push_back(std::move(other));
  }

  /// The pods of a headless service have names below the service's.
  void addPodNames() {
    const auto count = names_.size();
    for (size_t i = 0; i < count; ++i) names_.push_back("*." + names_[i]);
  }

  Lookups& lookups_;
  uint16_t port_;
  const Client& client_;
  std::vector<std::string> names_;
};

/// A unit says each name once.
void unite(std::vector<HostClaims::Claim>& claims) {
  const auto name_of = [](const auto& claim) { return std::tie(claim.port, claim.name); };
  std::ranges::stable_sort(claims, {}, name_of);
  const auto rest = std::ranges::unique(claims, {}, name_of);
  claims.erase(rest.begin(), rest.end());
}

/// Ports of the services that a VirtualService names by their full names.
std::set<uint16_t> portsNamed(Lookups& lookups, const MeshVirtualService& service,
                              const Client& client) {
  std::set<uint16_t> ports;
  for (const auto& host : service.hosts) {
    const auto* named = lookups.service(host, client);
    if (!named) continue;
    for (const auto& port : named->ports)
      if (mayCarryHttp(port.protocol)) ports.insert(port.number);
  }
  return ports;
}

/// Istio: an alias is what it stands for, except where a rule is about it on a port that it lists.
HostClaims claimsOfAlias(Lookups& lookups, const RegistryService& alias, const Client& client) {
  HostClaims result;
  for (const auto& port : alias.ports) {
    if (!mayCarryHttp(port.protocol)) continue;
    const auto route = compileRoute(lookups, alias, port, client);
    if (route->rules->front().index < 0) continue;
    for (auto& name : Spellings(lookups, alias, port.number, client).take())
      result.claims.push_back({port.number, std::move(name), route});
  }
  unite(result.claims);
  return result;
}

/// A route of a host that is no service has no service's name.
Unit unitOf(const ServiceRoute& route) {
  if (route.service_name.empty()) return {Unit::Kind::kVirtualService, route.virtual_service};
  return {Unit::Kind::kService, route.service.host};
}

}  // namespace

HostClaims claimsOf(Lookups& lookups, const RegistryService& service, const PortRoutes& routes,
                    const Client& client) {
  if (isAlias(service)) return claimsOfAlias(lookups, service, client);
  HostClaims result;
  result.is_listed = true;
  for (const auto& port : service.ports) {
    if (isHttp(port.protocol)) result.declared.insert(port.number);
    if (!mayCarryHttp(port.protocol)) continue;
    for (auto& name : Spellings(lookups, service, port.number, client).take())
      result.claims.push_back({port.number, std::move(name), routes.at(port.number)});
  }
  unite(result.claims);
  return result;
}

HostClaims claimsOf(Lookups& lookups, const MeshVirtualService& service,
                    const std::set<uint16_t>& owned, const Client& client) {
  HostClaims result;
  const auto visibility =
      visibilityFor(*service.export_to, service.resource->metadata.namespace_, client.namespace_);
  if (visibility == Visibility::kHidden) return result;
  auto ports = portsNamed(lookups, service, client);
  ports.insert(owned.begin(), owned.end());
  ports.insert(kHttpPort);
  for (const auto port : ports)
    for (const auto& host : service.hosts)
      if (!isServiceHere(lookups, host, port, client))
        if (auto route = compileForeignHost(lookups, service, host, port, client))
          result.claims.push_back({port, host, std::move(route)});
  unite(result.claims);
  return result;
}

void HostBook::set(const Unit& unit, HostClaims claims) {
  const auto last = claims_.find(unit);
  if (last == claims_.end() && claims.claims.empty() && claims.declared.empty()) return;
  countOwner(unit, claims, 1);
  if (last != claims_.end()) {
    countOwner(unit, last->second, -1);
    withdraw(unit, last->second);
  }
  enter(unit, claims);
  unlisted_.erase(unit);
  if (!claims.is_listed && !claims.claims.empty()) unlisted_.insert(unit);
  if (claims.claims.empty() && claims.declared.empty())
    claims_.erase(unit);
  else
    claims_.insert_or_assign(unit, std::move(claims));
}

HostClaims HostBook::claimsOf(const Unit& unit) const {
  const auto found = claims_.find(unit);
  return found == claims_.end() ? HostClaims{} : found->second;
}

void HostBook::withdraw(const Unit& unit, const HostClaims& claims) {
  for (const auto port : claims.declared)
    if (--declared_[port] == 0) declared_.erase(port);
  for (const auto& claim : claims.claims) withdraw(unit, claim);
}

void HostBook::enter(const Unit& unit, const HostClaims& claims) {
  for (const auto port : claims.declared) ++declared_[port];
  for (const auto& claim : claims.claims) enter(unit, claim);
}

VirtualHosts::Routes& HostBook::routesFor(const Claim& claim) {
  auto& hosts = hosts_[claim.port];
  return claim.name.starts_with('*') ? hosts.wildcards : hosts.exact;
}

void HostBook::withdraw(const Unit& unit, const Claim& claim) {
  const auto contested = contested_.find({claim.port, claim.name});
  if (contested == contested_.end()) {
    routesFor(claim).erase(claim.name);
    return;
  }
  auto& contenders = contested->second;
  std::erase_if(contenders, [&](const auto& contender) { return contender.unit == unit; });
  decide(contested->first);
  if (contenders.size() == 1) contested_.erase(contested);
}

void HostBook::enter(const Unit& unit, const Claim& claim) {
  auto& routes = routesFor(claim);
  const auto* present = routes.get(claim.name);
  if (!present) return routes.set(claim.name, claim.route);
  const Name name{claim.port, claim.name};
  auto& contenders = contested_[name];
  if (contenders.empty()) contenders.push_back({unitOf(**present), *present});
  contenders.push_back({unit, claim.route});
  const auto holder =
      std::ranges::find_if(contenders, [&](const auto& one) { return one.route == *present; });
  if (holder == contenders.end() || isBefore(contenders.back(), *holder))
    routes.set(claim.name, claim.route);
}

void HostBook::decide(const Name& name) {
  const auto& contenders = contested_.at(name);
  const auto first = std::ranges::min_element(
      contenders, [&](const auto& a, const auto& b) { return isBefore(a, b); });
  routesFor({name.first, name.second, nullptr}).set(name.second, first->route);
}

bool HostBook::isBefore(const Contender& a, const Contender& b) const {
  const auto* owner = services_->find(a.route->virtual_service);
  const auto* other = services_->find(b.route->virtual_service);
  if (owner == other) {
    const bool a_foreign = a.unit.kind == Unit::Kind::kVirtualService;
    const bool b_foreign = b.unit.kind == Unit::Kind::kVirtualService;
    return a_foreign != b_foreign ? a_foreign : a.unit.name < b.unit.name;
  }
  if (!owner || !other) return owner;
  const auto as_candidate = [&](const MeshVirtualService* service) {
    return Candidate{service,
                     {},
                     visibilityFor(*service->export_to, service->resource->metadata.namespace_,
                                   client_namespace_)};
  };
  return comesBefore(as_candidate(owner), as_candidate(other));
}

void HostBook::countOwner(const Unit& unit, const HostClaims& claims, int by) {
  if (unit.kind != Unit::Kind::kService) return;
  std::set<std::pair<std::string, uint16_t>> owned;
  for (const auto& claim : claims.claims)
    if (!claim.route->virtual_service.empty())
      owned.emplace(claim.route->virtual_service, claim.port);
  for (const auto& [owner, port] : owned) {
    auto& ports = owners_[owner];
    auto& units = ports[port];
    if (units == 0) changed_owners_.insert(owner);
    units += by;
    if (units > 0) continue;
    changed_owners_.insert(owner);
    ports.erase(port);
    if (ports.empty()) owners_.erase(owner);
  }
}

std::set<uint16_t> HostBook::portsOwnedBy(const std::string& virtual_service) const {
  std::set<uint16_t> ports;
  if (const auto found = owners_.find(virtual_service); found != owners_.end())
    for (const auto& [port, units] : found->second) ports.insert(port);
  return ports;
}

std::map<uint16_t, VirtualHosts> HostBook::hosts() const {
  std::map<uint16_t, VirtualHosts> result;
  for (const auto& [port, hosts] : hosts_)
    if (declared_.contains(port)) result.emplace(port, hosts);
  return result;
}

std::vector<HostClaims::Claim> HostBook::foreign() const {
  std::vector<Claim> result;
  for (const auto& unit : unlisted_)
    for (const auto& claim : claims_.at(unit).claims)
      if (declared_.contains(claim.port) && holds(claim)) result.push_back(claim);
  return result;
}

bool HostBook::holds(const Claim& claim) const {
  const auto& hosts = hosts_.at(claim.port);
  const auto& routes = claim.name.starts_with('*') ? hosts.wildcards : hosts.exact;
  return *routes.get(claim.name) == claim.route;
}

}  // namespace sluice::routing
