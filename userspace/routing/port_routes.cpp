// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/port_routes.h"

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "userspace/model/codes.h"
#include "userspace/routing/locate.h"

namespace sluice::routing {
namespace {

using RoutePtr = std::shared_ptr<const ServiceRoute>;

bool isClosed(const RouteTable& table) {
  return table.outbound_mode == Sidecar::OutboundMode::kRegistryOnly;
}

/// Envoy's name for the cluster that keeps the address.
std::shared_ptr<const Cluster> calledAddress() {
  static const auto kCluster = [] {
    auto made = std::make_shared<Cluster>();
    made->key = {"PassthroughCluster", 0, ""};
    made->passthrough = true;
    return std::shared_ptr<const Cluster>(std::move(made));
  }();
  return kCluster;
}

/// To where it was going, or nowhere.
std::shared_ptr<ServiceRoute> unruled(const RouteTable& table, const ServiceKey& key) {
  auto route = std::make_shared<ServiceRoute>();
  route->service = key;
  route->whole_port = true;
  if (!isClosed(table)) route->plain = calledAddress();
  WeightedCluster where;
  where.key = calledAddress()->key;
  where.cluster = route->plain;
  if (!where.cluster) where.missing = "outboundTrafficPolicy REGISTRY_ONLY";
  Rule rule;
  rule.index = -1;
  rule.destinations.push_back(std::move(where));
  route->rules.edit().push_back(std::move(rule));
  return route;
}

/// What nobody on the port wants.
std::shared_ptr<ServiceRoute> leftAlone(const RouteTable& table, const ServiceKey& key) {
  auto route = unruled(table, key);
  route->path = isClosed(table) ? Path::kConnect : Path::kPassthrough;
  if (isClosed(table))
    route->reasons.push_back({code::kRegistryOnly, "spec.outboundTrafficPolicy.mode",
                              "REGISTRY_ONLY: connections to addresses of no service are refused"});
  return route;
}

/// The services of one port that list no address, as one client meets them.
class PortSurvey {
 public:
  PortSurvey(const RouteTable& table, uint16_t port) : table_(table), key_{kAnyHost, port} {
    for (const auto& range : table.ranges)
      if (range.port == port) ranges_.push_back(&range);
  }

  RoutePtr route() const {
    if (table_.virtual_hosts.contains(key_.port))
      return proxied(Protocol::kHttp,
                     {code::kHostDecides, "",
                      "httpMode istio: the Host header picks the service, which the proxy reads"});
    if (takesEverything(*ranges_.front())) return taken(*ranges_.front()->route);
    if (std::ranges::any_of(ranges_, [](const auto* range) { return !range->sni_hosts.empty(); }))
      return proxied(Protocol::kTls,
                     {code::kServerName, "spec.addresses",
                      "services without an address of their own share the port: the proxy reads "
                      "the server name that the client asks for (SNI)"});
    return proxied(Protocol::kTcp, {code::kAddressRange, "spec.addresses",
                                    "services have ranges of addresses on the port: the proxy "
                                    "looks up which was called"});
  }

 private:
  static bool takesEverything(const RangeRoute& range) {
    return range.subnet.prefix_bits == 0 && range.sni_hosts.empty();
  }

  /// The one service that has the whole port: as if every address were its own.
  RoutePtr taken(const ServiceRoute& service) const {
    auto route = std::make_shared<ServiceRoute>(service);
    route->service = key_;
    route->whole_port = true;
    return route;
  }

  RoutePtr proxied(Protocol protocol, Reason reason) const {
    auto route = unruled(table_, key_);
    route->protocol = protocol;
    route->path = Path::kProxy;
    route->reasons.push_back(std::move(reason));
    return route;
  }

  const RouteTable& table_;
  const ServiceKey key_;
  std::vector<const RangeRoute*> ranges_;
};

/// Whether some name leads to more than to where connections go anyway (steer: ruled).
bool decidesAnything(const VirtualHosts& hosts) {
  const auto steers = [](const auto& named) { return named.second->path != Path::kPassthrough; };
  return std::ranges::any_of(hosts.exact, steers) || std::ranges::any_of(hosts.wildcards, steers);
}

std::set<uint16_t> portsOf(const RouteTable& table) {
  std::set<uint16_t> ports;
  for (const auto& [port, hosts] : table.virtual_hosts)
    if (isClosed(table) || decidesAnything(hosts)) ports.insert(port);
  for (const auto& range : table.ranges) ports.insert(range.port);
  return ports;
}

/// What one class of clients gets besides the services that it sees.
class Completion {
 public:
  /// Null: `before` when the class is new; `common` for class 0, whose objects the others share.
  Completion(RouteTable& table, const PortSources& sources, const RouteTable* before,
             const Completion* common)
      : table_(table), before_(before), common_(common) {
    for (const auto port : portsOf(table)) add(PortSurvey(table, port).route());
    for (const auto& claim : sources.foreign) adopt(claim);
    for (const auto& key : sources.hidden) unlist(key);
  }

  const std::map<ServiceKey, RoutePtr>& added() const { return added_; }

  /// Of a key that some class has.
  RoutePtr routeOf(const ServiceKey& key) const {
    if (const auto own = added_.find(key); own != added_.end()) return own->second;
    if (const auto* listed = table_.services.find(key)) return *listed;
    return shared(leftAlone(table_, key));
  }

  RouteTable& table() const { return table_; }

 private:
  RoutePtr add(RoutePtr route) {
    const auto key = route->service;
    return added_[key] = shared(std::move(route));
  }

  /// The object of class 0, or else of the last time, that says the same.
  RoutePtr shared(RoutePtr route) const {
    if (common_)
      if (const auto known = common_->added_.find(route->service);
          known != common_->added_.end() && *known->second == *route)
        return known->second;
    if (before_)
      if (const auto* known = before_->services.find(route->service); known && **known == *route)
        return *known;
    return route;
  }

  /// A host outside the registry, one name of an alias, or a service that the client may not see,
  /// whose addresses it keeps.
  void adopt(const HostClaims::Claim& claim) {
    auto& hosts = table_.virtual_hosts.at(claim.port);
    auto& names = claim.name.starts_with('*') ? hosts.wildcards : hosts.exact;
    const auto known = added_.find(claim.route->service);
    names.set(claim.name, known != added_.end() ? known->second : add(withAddresses(claim.route)));
  }

  RoutePtr withAddresses(RoutePtr route) const {
    if (const auto* listed = table_.services.find(route->service);
        listed && !(*listed)->vips.empty()) {
      auto own = std::make_shared<ServiceRoute>(*route);
      own->vips = (*listed)->vips;
      route = std::move(own);
    }
    return route;
  }

  /// Istio: the client has no listener for it, so that those of the port take the connection.
  void unlist(const ServiceKey& key) {
    if (added_.contains(key)) return;
    const auto port = added_.find({kAnyHost, key.port});
    if (port == added_.end() || port->second->path == Path::kPassthrough) return;
    const auto& hidden = *table_.services.at(key);
    auto route = std::make_shared<ServiceRoute>(*port->second);
    route->service = key;
    route->service_namespace = hidden.service_namespace;
    route->service_name = hidden.service_name;
    route->vips = hidden.vips;
    route->reasons.insert(route->reasons.begin(), hidden.reasons.begin(), hidden.reasons.end());
    add(std::move(route));
  }

  RouteTable& table_;
  const RouteTable* before_;
  const Completion* common_;
  std::map<ServiceKey, RoutePtr> added_;
};

/// Gives every table the keys that any of them has got.
void level(const std::map<ClientClass, Completion>& completions) {
  std::set<ServiceKey> keys;
  for (const auto& [number, completion] : completions)
    for (const auto& [key, route] : completion.added()) keys.insert(key);
  const auto& first = completions.at({});
  auto common = first.table().services.common();
  for (const auto& key : keys) common.set(key, first.routeOf(key));
  for (const auto& [number, completion] : completions) {
    auto& services = completion.table().services;
    for (const auto& key : keys) {
      if (!number) break;
      auto route = completion.routeOf(key);
      // One that a name leads to is the very object of class 0 when it is the same.
      const auto& of_class_0 = *common.get(key);
      if (route == of_class_0 || *route == *of_class_0)
        services.own().erase(key);
      else
        services.own().set(key, std::move(route));
    }
    services.common() = common;
  }
}

}  // namespace

void addPortRoutes(std::map<ClientClass, RouteTable>& tables,
                   const std::map<ClientClass, PortSources>& sources, const Routing* last) {
  std::map<ClientClass, Completion> completions;
  for (auto& [number, table] : tables) {
    const auto* before = last && last->tables.contains(number) ? &last->tables.at(number) : nullptr;
    const auto* common = number ? &completions.at({}) : nullptr;
    completions.try_emplace(number, table, sources.at(number), before, common);
  }
  level(completions);
}

bool isPortRoute(const ServiceRoute& route) {
  return route.service_name.empty() || route.service.host == kAnyHost;
}

}  // namespace sluice::routing
