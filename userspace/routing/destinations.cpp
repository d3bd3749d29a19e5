// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/destinations.h"

#include "userspace/routing/lookups.h"
#include "userspace/routing/names.h"

namespace sluice::routing {

WeightedCluster Destinations::find(const Destination& to, const std::string& rule_namespace,
                                   PortDefault port_default) const {
  WeightedCluster result;
  result.key.host = fullHost(to.host, rule_namespace, lookups_.agent().cluster_domain);
  result.key.subset = to.subset;
  const auto* service = lookups_.service(result.key.host, client_);
  result.port_named = to.port.has_value();
  result.key.port = portOf(to, service, port_default);
  if (service && service->resolution == RegistryService::Resolution::kAlias) {
    if (!isFollowed(*service, port_default)) {
      result.missing = service->host + " stands for " + service->external_name +
                       " on its own ports only, and has no port " + std::to_string(called_port_);
      return result;
    }
    result.key.host = service->external_name;
    service = lookups_.service(result.key.host, client_);
  }
  result.cluster = lookups_.cluster(result.key, client_);
  if (!result.cluster) result.missing = whyMissing(result.key, service);
  return result;
}

std::vector<WeightedCluster> Destinations::weighted(const std::vector<RouteDestination>& route,
                                                    const std::string& rule_namespace,
                                                    PortDefault port_default) const {
  std::vector<WeightedCluster> destinations;
  for (const auto& destination : route) {
    if (route.size() > 1 && destination.weight == 0) continue;
    auto found = find(destination.destination, rule_namespace, port_default);
    found.weight = route.size() == 1 ? 1 : destination.weight;
    found.headers = destination.headers;
    destinations.push_back(std::move(found));
  }
  return destinations;
}

/// Istio: http rules know the services with the called port only, aliases among them.
bool Destinations::isFollowed(const RegistryService& alias, PortDefault port_default) const {
  return port_default != PortDefault::kCalled || alias.port(called_port_);
}

uint16_t Destinations::portOf(const Destination& to, const RegistryService* service,
                              PortDefault port_default) const {
  if (to.port) return *to.port;
  const bool only = port_default == PortDefault::kCalledOrOnly && service &&
                    !service->port(called_port_) && service->ports.size() == 1;
  return only ? service->ports.front().number : called_port_;
}

std::string Destinations::whyMissing(const ClusterKey& key, const RegistryService* service) const {
  if (!service && lookups_.exists(key.host))
    return key.host + " is not exported to the client's namespace";
  if (!service) {
    const auto meant = meantByNameDotNamespace(key.host, lookups_.agent().cluster_domain);
    const bool known = !meant.empty() && lookups_.exists(meant);
    return "there is no service " + key.host + (known ? "; write " + meant : "");
  }
  if (!service->port(key.port)) return key.host + " has no port " + std::to_string(key.port);
  const auto whole = lookups_.cluster({key.host, key.port, ""}, client_);
  if (!whole || whole->destination_rule.empty())
    return "no DestinationRule defines subset " + key.subset;
  return "DestinationRule " + whole->destination_rule + ", which holds here, has no subset " +
         key.subset;
}

}  // namespace sluice::routing
