// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "userspace/routing/client.h"
#include "userspace/routing/clusters.h"
#include "userspace/routing/destination_rules.h"
#include "userspace/routing/registry.h"
#include "userspace/routing/virtual_services.h"

namespace sluice::routing {

/// Everything of one Snapshot, which must outlive it, in the form that compiling needs.
struct Catalog {
  explicit Catalog(const Snapshot& snapshot)
      : domain(snapshot.agent.cluster_domain),
        registry(snapshot),
        destination_rules(snapshot),
        virtual_services(snapshot),
        clusters(registry, destination_rules) {}
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  std::string domain;
  Registry registry;
  DestinationRules destination_rules;
  VirtualServices virtual_services;
  Clusters clusters;
};

/// What `client` gets when it calls `port` of `service`: everything that does not depend on a
/// request is decided here.
std::shared_ptr<const ServiceRoute> compileRoute(Catalog& catalog, const RegistryService& service,
                                                 const RegistryPort& port, const Client& client);

}  // namespace sluice::routing
