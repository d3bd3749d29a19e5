// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/lookups.h"

#include <algorithm>

#include "userspace/routing/http_rules.h"

namespace sluice::routing {
namespace {

bool isAlias(const RegistryService& service) {
  return service.resolution == RegistryService::Resolution::kAlias;
}

bool namesSeveralHosts(const MeshVirtualService& service) {
  return service.hosts.size() > 1 || service.hosts.front().starts_with('*');
}

}  // namespace

void Reads::merge(const Reads& more) {
  hosts.insert(more.hosts.begin(), more.hosts.end());
  named.insert(more.named.begin(), more.named.end());
  services.insert(more.services.begin(), more.services.end());
  patterns.insert(more.patterns.begin(), more.patterns.end());
  overlapped.insert(more.overlapped.begin(), more.overlapped.end());
  rules.insert(more.rules.begin(), more.rules.end());
}

JointTraits Lookups::traits() const {
  auto traits = catalog_.traits.of(reads_);
  traits.add(traits_of_rules_);
  return traits;
}

const RegistryService* Lookups::service(const std::string& host, const Client& client) {
  reads_.hosts.insert(host);
  return catalog_.registry.find(host, client.namespace_);
}

const Registry::Candidates& Lookups::candidates(const std::string& host) {
  static const Registry::Candidates kNone;
  reads_.hosts.insert(host);
  const auto found = catalog_.registry.hosts().find(host);
  return found == catalog_.registry.hosts().end() ? kNone : found->second;
}

std::vector<std::string> Lookups::aliasesOf(const std::string& host, const Client& client) {
  reads_.hosts.insert(host);
  std::vector<std::string> aliases;
  for (const auto& alias : catalog_.aliasesOf(host)) {
    const auto* seen = service(alias, client);
    if (seen && isAlias(*seen) && seen->external_name == host) aliases.push_back(alias);
  }
  return aliases;
}

bool Lookups::existsBelow(const std::string& pattern, uint16_t port, const Client& client) {
  reads_.patterns.insert(pattern);
  return catalog_.registry.byEnding().anyBelow(pattern, [&](const std::string& host) {
    const auto* seen = catalog_.registry.find(host, client.namespace_);
    return seen && seen->port(port);
  });
}

std::shared_ptr<const Cluster> Lookups::cluster(const ClusterKey& key, const Client& client) {
  reads_.hosts.insert(key.host);
  return catalog_.clusters.find(key, client);
}

std::vector<Candidate> Lookups::naming(const std::string& host, const Client& client) {
  reads_.named.insert(host);
  return catalog_.virtual_services.naming(host, client.namespace_);
}

std::vector<Candidate> Lookups::overlapping(const std::string& wildcard, const Client& client) {
  reads_.named.insert(wildcard);
  reads_.overlapped.insert(wildcard);
  return catalog_.virtual_services.overlapping(wildcard, client.namespace_);
}

HttpRules Lookups::httpRules(const MeshVirtualService& service, uint16_t port,
                             const Client& client) {
  const auto compile = [&](Lookups& lookups) {
    const Destinations destinations(lookups, client, port);
    return compileHttpRules(service, port, client, destinations, httpPortDefault());
  };
  if (!namesSeveralHosts(service)) return compile(*this);
  const auto& shared = catalog_.rules.find({service.resource->metadata.key(), port, client},
                                           [&](Reads& reads, JointTraits& traits) {
                                             Lookups lookups(catalog_, reads);
                                             auto rules = compile(lookups);
                                             traits = lookups.traits();
                                             return rules;
                                           });
  reads_.rules.insert(shared.name);
  traits_of_rules_.add(shared.traits);
  return shared.rules;
}

const MeshVirtualService* Lookups::virtualService(const std::string& name) {
  reads_.services.insert(name);
  return catalog_.virtual_services.find(name);
}

}  // namespace sluice::routing
