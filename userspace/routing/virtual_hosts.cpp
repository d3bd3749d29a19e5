// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/virtual_hosts.h"

#include <algorithm>
#include <utility>

#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

constexpr uint16_t kHttpPort = 80;

using RoutePtr = std::shared_ptr<const ServiceRoute>;

bool isAlias(const RegistryService& service) {
  return service.resolution == RegistryService::Resolution::kAlias;
}

bool mayCarryHttp(Protocol protocol) { return isHttp(protocol) || protocol == Protocol::kUnknown; }

/// A Host header has IPv6 addresses in brackets.
std::string hostText(const IpAddress& ip) { return ip.isV4() ? ip.text() : "[" + ip.text() + "]"; }

/// A service that may be meant on a port.
struct Offer {
  const RegistryService* service = nullptr;
  RoutePtr route;
};

/// One port, as one client sees it.
struct PortOffers {
  bool declared = false;  ///< some service says that the port is HTTP
  std::vector<Offer> http;
  std::vector<std::string> hosts;  ///< of every service with this port, whatever its protocol
};

/// Makes the virtual hosts of one port.
class Builder {
 public:
  Builder(Catalog& catalog, const Client& client, uint16_t port, const PortOffers& offers,
          const std::multimap<std::string, std::string>& aliases)
      : catalog_(catalog), client_(client), port_(port), offers_(offers), aliases_(aliases) {
    for (const auto& offer : offers_.http) owned_.emplace(offer.route->virtual_service, &offer);
  }

  VirtualHosts build(const std::vector<const MeshVirtualService*>& services) && {
    for (const auto* service : services) {
      addForeignHosts(*service);
      addServicesOf(service->resource->metadata.key());
    }
    addServicesOf("");
    std::stable_sort(result_.wildcards.begin(), result_.wildcards.end(),
                     [](const auto& a, const auto& b) { return moreSpecific(a.first, b.first); });
    return std::move(result_);
  }

 private:
  void addServicesOf(const std::string& owner) {
    const auto [begin, end] = owned_.equal_range(owner);
    for (auto at = begin; at != end; ++at) addService(*at->second);
  }

  void addService(const Offer& offer) {
    for (const auto& name : namesOf(*offer.service)) add(name, offer.route);
  }

  std::vector<std::string> namesOf(const RegistryService& service) const {
    std::vector<std::string> names;
    addSpellings(service.host, names);
    const auto [begin, end] = aliases_.equal_range(service.host);
    for (auto at = begin; at != end; ++at) addSpellings(at->second, names);
    if (service.headless) addPodNames(names);
    for (const auto& vip : service.vips) names.push_back(hostText(vip));
    return names;
  }

  /// Istio: a short spelling of one service never hides another's full name.
  void addSpellings(const std::string& host, std::vector<std::string>& names) const {
    names.push_back(host);
    for (auto& other : otherSpellings(host, client_.namespace_, catalog_.agent.cluster_domain))
      if (!isServiceHere(other)) names.push_back(std::move(other));
  }

  /// The pods of a headless service have names below the service's.
  static void addPodNames(std::vector<std::string>& names) {
    const auto count = names.size();
    for (size_t i = 0; i < count; ++i) names.push_back("*." + names[i]);
  }

  void addForeignHosts(const MeshVirtualService& service) {
    if (port_ != kHttpPort && !isAboutAnOffer(service)) return;
    for (const auto& host : service.hosts)
      if (!isServiceHere(host))
        if (auto route = compileForeignHost(catalog_, service, host, port_, client_))
          add(host, std::move(route));
  }

  bool isAboutAnOffer(const MeshVirtualService& service) const {
    if (owned_.contains(service.resource->metadata.key())) return true;
    return std::ranges::any_of(offers_.http, [&](const auto& offer) {
      return std::ranges::find(service.hosts, offer.service->host) != service.hosts.end();
    });
  }

  bool isServiceHere(const std::string& host) const {
    if (host.starts_with('*'))
      return std::ranges::any_of(offers_.hosts,
                                 [&](const auto& known) { return hostMatches(host, known); });
    const auto* service = catalog_.registry.find(host, client_.namespace_);
    return service && !isAlias(*service) && service->port(port_);
  }

  void add(const std::string& name, RoutePtr route) {
    if (!name.starts_with('*')) {
      result_.exact.try_emplace(name, std::move(route));
      return;
    }
    const bool taken = std::ranges::any_of(result_.wildcards,
                                           [&](const auto& known) { return known.first == name; });
    if (!taken) result_.wildcards.emplace_back(name, std::move(route));
  }

  Catalog& catalog_;
  const Client& client_;
  uint16_t port_;
  const PortOffers& offers_;
  const std::multimap<std::string, std::string>& aliases_;  ///< target -> alias
  std::multimap<std::string, const Offer*> owned_;          ///< by VirtualService
  VirtualHosts result_;
};

/// Sorts what a client sees by port.
class Survey {
 public:
  Survey(const Catalog& catalog, const RouteTable& table, const Client& client) : table_(table) {
    for (const auto& [host, candidates] : catalog.registry.hosts())
      if (const auto* service = catalog.registry.find(host, client.namespace_)) add(*service);
  }

  std::map<uint16_t, PortOffers> ports;
  std::multimap<std::string, std::string> aliases;  ///< target -> alias

 private:
  void add(const RegistryService& service) {
    if (isAlias(service)) {
      aliases.emplace(service.external_name, service.host);
      return;
    }
    for (const auto& port : service.ports) {
      auto& offers = ports[port.number];
      offers.hosts.push_back(service.host);
      offers.declared = offers.declared || isHttp(port.protocol);
      if (mayCarryHttp(port.protocol))
        offers.http.push_back({&service, table_.services.at({service.host, port.number})});
    }
  }

  const RouteTable& table_;
};

}  // namespace

std::map<uint16_t, VirtualHosts> buildVirtualHosts(Catalog& catalog, const RouteTable& table,
                                                   const Client& client) {
  const Survey survey(catalog, table, client);
  const auto services = catalog.virtual_services.visibleTo(client.namespace_);
  std::map<uint16_t, VirtualHosts> result;
  for (const auto& [port, offers] : survey.ports)
    if (offers.declared)
      result[port] = Builder(catalog, client, port, offers, survey.aliases).build(services);
  return result;
}

}  // namespace sluice::routing
