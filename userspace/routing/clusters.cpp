// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/clusters.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "userspace/routing/hosts_by_ending.h"
#include "userspace/routing/locality.h"
#include "userspace/routing/policy.h"
#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

using Simple = LoadBalancerSettings::Simple;

/// No block, or one of consistentHash or localities alone, is LEAST_REQUEST.
Simple balancerOf(const ClusterPolicy& policy) {
  if (!policy.load_balancer) return Simple::kUnspecified;
  return policy.load_balancer->value.simple.value_or(Simple::kUnspecified);
}

const ConsistentHash* hashOf(const ClusterPolicy& policy) {
  if (!policy.load_balancer || !policy.load_balancer->value.consistent_hash) return nullptr;
  return &*policy.load_balancer->value.consistent_hash;
}

BalancePolicy policyOf(const ClusterPolicy& policy) {
  if (const auto* hash = hashOf(policy)) {
    if (hash->use_source_ip.value_or(false)) return BalancePolicy::kClient;
    return BalancePolicy::kRequest;
  }
  const auto simple = balancerOf(policy);
  if (simple == Simple::kRandom) return BalancePolicy::kRandom;
  if (simple == Simple::kRoundRobin) return BalancePolicy::kRoundRobin;
  return BalancePolicy::kLeastRequest;
}

void append(std::string& text, const std::string& part) {
  if (part.empty()) return;
  if (!text.empty()) text += ";";
  text += part;
}

/// Of the settings those that clusters depend on.
auto settingsOf(const AgentSettings& agent) {
  return std::tie(agent.node_name, agent.default_traffic_policy, agent.locality_lb_setting);
}

}  // namespace

/// Makes a cluster as clients with certain labels see it; clients that agree in those share it.
class Clusters::Builder {
 public:
  Builder(const ClusterKey& key, const RegistryService& service, const RegistryPort& port,
          DestinationRules::Rule rule, const AgentSettings& agent)
      : key_(key),
        service_(service),
        port_(port),
        rule_(std::move(rule)),
        agent_(agent),
        subset_(rule_ && !key.subset.empty() ? rule_->subset(key.subset) : nullptr),
        locality_(localityPolicy(policy(), service, agent)) {
    if (locality_) labels_ = labelsOf(*locality_);
    if (service.node_local) labels_.insert(kHostnameLabel);
  }

  bool exists() const { return key_.subset.empty() || subset_; }

  std::shared_ptr<const Cluster> forClient(const Client& client) {
    const auto seen = whatMatters(client.labels);
    auto& cluster = built_[labelText(seen)];
    if (!cluster) cluster = build(seen);
    return cluster;
  }

 private:
  ClusterPolicy policy() const {
    return effectivePolicy(rule_.get(), subset_, key_.port, service_, agent_);
  }

  Labels whatMatters(const Labels& client_labels) const {
    Labels seen;
    for (const auto& name : labels_)
      if (const auto at = client_labels.find(name); at != client_labels.end()) seen.insert(*at);
    return seen;
  }

  std::shared_ptr<const Cluster> build(const Labels& client_labels) const {
    auto cluster = std::make_shared<Cluster>();
    cluster->settings = Shared(policy());
    cluster->key = key_;
    cluster->protocol = port_.protocol;
    cluster->policy = policyOf(*cluster->settings);
    cluster->hash = Shared(hashKeys(rule_.get(), subset_, key_.port, *cluster->settings));
    cluster->passthrough = balancerOf(*cluster->settings) == Simple::kPassthrough ||
                           service_.resolution == RegistryService::Resolution::kOriginal;
    cluster->original_port = port_.original_port;
    if (rule_) cluster->destination_rule = rule_->name;
    if (subset_) cluster->definition = labelText(subset_->subset->labels);
    cluster->variant = variantFor(client_labels);
    placeEndpoints(chosen(client_labels), cluster->passthrough ? std::nullopt : locality_,
                   client_labels, *cluster);
    addNames(*cluster);
    return cluster;
  }

  std::string variantFor(const Labels& client_labels) const {
    std::string variant = rule_ ? rule_->name : "";
    if (service_.source == RegistryService::Source::kServiceEntry)
      append(variant, service_.resource);
    append(variant, labelText(client_labels));
    return variant;
  }

  bool isInSubset(const EndpointOrigin& origin) const {
    return !subset_ || origin.has(subset_->subset->labels);
  }

  std::vector<const RegistryEndpoint*> chosen(const Labels& client_labels) const {
    const auto node = nodeOf(client_labels);
    std::vector<const RegistryEndpoint*> endpoints;
    for (const auto& endpoint : port_.endpoints) {
      const bool near = !service_.node_local || node.empty() || endpoint.origin->node == node;
      if (near && isInSubset(*endpoint.origin)) endpoints.push_back(&endpoint);
    }
    return endpoints;
  }

  /// A client that nothing is known of runs on this node, as all that are steered here do.
  const std::string& nodeOf(const Labels& client_labels) const {
    const auto at = client_labels.find(kHostnameLabel);
    return at == client_labels.end() ? agent_.node_name : at->second;
  }

  /// Istio: DNS_ROUND_ROBIN has one endpoint at most.
  void addNames(Cluster& cluster) const {
    const bool one = service_.resolution == RegistryService::Resolution::kDnsRoundRobin;
    for (const auto& name : port_.names) {
      if (!isInSubset(*name.origin)) continue;
      cluster.unresolved.push_back({name.host, name.port, name.weight, name.origin->locality});
      if (one) break;
    }
  }

  const ClusterKey key_;
  const RegistryService& service_;
  const RegistryPort& port_;
  const DestinationRules::Rule rule_;
  const AgentSettings& agent_;
  const MergedRule::PlacedSubset* subset_;
  const std::optional<LocalityPolicy> locality_;
  std::set<std::string> labels_;  ///< of the client, that the cluster depends on
  std::map<std::string, std::shared_ptr<const Cluster>> built_;
};

Clusters::Clusters(const Registry& registry, const DestinationRules& rules,
                   const AgentSettings& agent)
    : registry_(registry), rules_(rules), agent_(agent) {}

Clusters::~Clusters() = default;

std::shared_ptr<const Cluster> Clusters::find(const ClusterKey& key, const Client& client) {
  const auto* service = registry_.find(key.host, client.namespace_);
  const auto* port = service ? service->port(key.port) : nullptr;
  if (!port) return nullptr;
  auto rule = rules_.find(*service, client);
  auto& builder = builders_[{key, service, rule.get()}];
  if (!builder) builder = std::make_unique<Builder>(key, *service, *port, std::move(rule), agent_);
  return builder->exists() ? builder->forClient(client) : nullptr;
}

void Clusters::update(const std::set<std::string>& changed_services,
                      const std::set<std::string>& changed_rules, const AgentSettings& agent) {
  const bool same_settings = settingsOf(agent) == settingsOf(agent_);
  agent_ = agent;
  if (!same_settings) return builders_.clear();
  std::set<std::string> hosts = changed_services;
  std::set<std::string> wildcards;
  for (const auto& host : changed_rules) (host.starts_with('*') ? wildcards : hosts).insert(host);
  const auto erase_from = [&](auto at, const std::string& host) {
    while (at != builders_.end() && at->first.key.host == host) at = builders_.erase(at);
  };
  for (const auto& host : hosts) erase_from(builders_.lower_bound({{host, 0, ""}}), host);
  if (wildcards.empty()) return;
  std::erase_if(builders_, [&](const auto& entry) {
    bool is_covered = false;
    forEachWildcardAbove(entry.first.key.host, [&](const auto& wildcard) {
      is_covered = is_covered || wildcards.contains(wildcard);
    });
    return is_covered;
  });
}

}  // namespace sluice::routing
