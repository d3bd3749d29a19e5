// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "userspace/routing/catalog.h"
#include "userspace/routing/client.h"
#include "userspace/routing/destinations.h"
#include "userspace/routing/reads.h"

namespace sluice::routing {

/// The only way in which compilers ask a Catalog: it writes down what they asked for, so that what
/// they make is made anew when an answer changes. The settings of the agent are not written down:
/// when they change, everything is made anew.
class Lookups {
 public:
  /// Borrows both.
  Lookups(Catalog& catalog, Reads& reads) : catalog_(catalog), reads_(reads) {}

  /// Clients that are alike for these would have been given the same answers. `reads` must have
  /// been empty before.
  JointTraits traits() const;

  const AgentSettings& agent() const { return catalog_.agent; }
  bool hostDecides() const { return agent().http_mode == AgentSettings::HttpMode::kIstio; }
  PortDefault httpPortDefault() const {
    return hostDecides() ? PortDefault::kCalled : PortDefault::kCalledOrOnly;
  }

  /// What `client` means by `host`; null when it sees no such service.
  const RegistryService* service(const std::string& host, const Client& client);

  /// All services of `host`, whoever may see them.
  const Registry::Candidates& candidates(const std::string& host);

  /// Whether there is a service, whoever may see it.
  bool exists(const std::string& host) { return !candidates(host).empty(); }

  /// ExternalName services that stand for `host`, as `client` sees them.
  std::vector<std::string> aliasesOf(const std::string& host, const Client& client);

  /// Whether `client` sees a service with `port` whose host `pattern`, a wildcard, covers.
  bool existsBelow(const std::string& pattern, uint16_t port, const Client& client);

  /// Null when the service, its port or the subset does not exist for `client`.
  std::shared_ptr<const Cluster> cluster(const ClusterKey& key, const Client& client);

  /// VirtualServices::naming, overlapping and find.
  std::vector<Candidate> naming(const std::string& host, const Client& client);
  std::vector<Candidate> overlapping(const std::string& wildcard, const Client& client);
  const MeshVirtualService* virtualService(const std::string& name);

  /// compileHttpRules(), once for all services that `service` rules alike.
  HttpRules httpRules(const MeshVirtualService& service, uint16_t port, const Client& client);

 private:
  Catalog& catalog_;
  Reads& reads_;
  JointTraits traits_of_rules_;  ///< that others have compiled
};

}  // namespace sluice::routing
