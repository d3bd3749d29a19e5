// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/hosts_by_ending.h"
#include "userspace/routing/registry_service.h"

namespace sluice::routing {

class RegistryBuilder;

/// The services of a Snapshot, Kubernetes' and those of ServiceEntries, with their endpoints.
class Registry {
 public:
  /// The services of one host, in the order in which clients take the first that they may see:
  /// Kubernetes' Service, then ServiceEntries, older first.
  using Candidates = std::vector<std::shared_ptr<const RegistryService>>;
  using Hosts = std::map<std::string, Candidates, std::less<>>;

  explicit Registry(const Snapshot& snapshot);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// Takes over what changed from `before`, which the registry was built from, to `after`, and
  /// returns the hosts whose services are others now. Services that did not change keep their
  /// object. Costs what the change concerns, and one look at each resource's address.
  std::set<std::string> update(const Snapshot& before, const Snapshot& after);

  /// The service that clients of `client_namespace` mean by `host`; null when they see none.
  /// Istio: a Service beats ServiceEntries; of those one that is private to the client's
  /// namespace, then one exported to it by name, then the oldest.
  const RegistryService* find(std::string_view host, std::string_view client_namespace) const;

  /// The first service of `host`, whoever may see it; null when there is none.
  const RegistryService* find(std::string_view host) const;

  const Hosts& hosts() const { return hosts_; }
  const HostsByEnding& byEnding() const { return by_ending_; }

  /// Every service: pairs of its host, which may come several times, and itself.
  auto services() const {
    return hosts_ | std::views::values | std::views::join |
           std::views::transform([](const std::shared_ptr<const RegistryService>& service) {
             return std::pair<const std::string&, const RegistryService&>(service->host, *service);
           });
  }

  /// The labels of a client's pod with those of its node's topology, "ns/name"; null: no such pod.
  std::shared_ptr<const EndpointOrigin> pod(const std::string& key) const;

  /// The topology labels of a node; empty when it is not known.
  Labels nodeLabels(const std::string& node) const;

 private:
  std::unique_ptr<RegistryBuilder> builder_;
  Hosts hosts_;
  HostsByEnding by_ending_;
};

}  // namespace sluice::routing
