// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "userspace/routing/client.h"
#include "userspace/routing/clusters.h"
#include "userspace/routing/destination_rules.h"
#include "userspace/routing/destinations.h"
#include "userspace/routing/registry.h"
#include "userspace/routing/virtual_services.h"

namespace sluice::routing {

/// Everything of one Snapshot, which must outlive it, in the form that compiling needs.
struct Catalog {
  explicit Catalog(const Snapshot& snapshot)
      : agent(snapshot.agent),
        registry(snapshot),
        destination_rules(snapshot),
        virtual_services(snapshot),
        clusters(registry, destination_rules, agent) {}
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  bool hostDecides() const { return agent.http_mode == AgentSettings::HttpMode::kIstio; }
  PortDefault httpPortDefault() const {
    return hostDecides() ? PortDefault::kCalled : PortDefault::kCalledOrOnly;
  }
  Destinations destinationsFor(const Client& client, uint16_t called_port) {
    return {agent, registry, clusters, client, called_port};
  }

  const AgentSettings& agent;
  Registry registry;
  DestinationRules destination_rules;
  VirtualServices virtual_services;
  Clusters clusters;
};

/// What `client`, who may see `service`, gets on `port` of it: everything that does not depend on
/// a request or a connection is decided here.
std::shared_ptr<const ServiceRoute> compileRoute(Catalog& catalog, const RegistryService& service,
                                                 const RegistryPort& port, const Client& client);

/// The same for a service that the client may not see: its connections are left alone.
std::shared_ptr<const ServiceRoute> hiddenRoute(const RegistryService& service,
                                                const RegistryPort& port);

/// What `service`, a VirtualService, makes of `host`, which is no service of the registry; null
/// when none of its rules is for this client and port.
std::shared_ptr<const ServiceRoute> compileForeignHost(Catalog& catalog,
                                                       const MeshVirtualService& service,
                                                       const std::string& host, uint16_t port,
                                                       const Client& client);

}  // namespace sluice::routing
