// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/clusters.h"

#include "userspace/routing/client.h"
#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

using Simple = LoadBalancerSettings::Simple;

/// Istio: the subset's loadBalancer block replaces the rule's whole; no block is LEAST_REQUEST.
Simple effectiveBalancer(const MergedRule* rule, const Subset* subset) {
  for (const auto* policy :
       {subset ? &subset->traffic_policy : nullptr, rule ? &rule->traffic_policy : nullptr})
    if (policy && *policy && (*policy)->load_balancer)
      return (*policy)->load_balancer->simple.value_or(Simple::kUnspecified);
  return Simple::kUnspecified;
}

BalancePolicy policyOf(Simple simple) {
  if (simple == Simple::kRandom) return BalancePolicy::kRandom;
  if (simple == Simple::kRoundRobin) return BalancePolicy::kRoundRobin;
  return BalancePolicy::kLeastRequest;
}

std::shared_ptr<const Cluster> build(const ClusterKey& key, const RegistryPort& port,
                                     const MergedRule* rule, const Subset* subset) {
  auto cluster = std::make_shared<Cluster>();
  const auto balancer = effectiveBalancer(rule, subset);
  cluster->key = key;
  cluster->policy = policyOf(balancer);
  cluster->passthrough = balancer == Simple::kPassthrough;
  if (rule) cluster->destination_rule = rule->name;
  if (subset) cluster->definition = labelText(subset->labels);
  for (const auto& endpoint : port.endpoints)
    if (!subset || Client{{}, endpoint.labels}.has(subset->labels))
      cluster->endpoints.push_back({.address = endpoint.address, .pod = endpoint.pod});
  return cluster;
}

}  // namespace

std::shared_ptr<const Cluster> Clusters::find(const ClusterKey& key,
                                              const std::string& client_namespace) {
  const auto* service = registry_.find(key.host);
  const auto* port = service ? service->port(key.port) : nullptr;
  if (!port || visibilityFor(service->export_to, service->namespace_, client_namespace) ==
                   Visibility::kHidden)
    return nullptr;
  const auto* rule = rules_.find(*service, client_namespace);
  const auto* subset = rule && !key.subset.empty() ? rule->subset(key.subset) : nullptr;
  if (!key.subset.empty() && !subset) return nullptr;
  auto& cluster = built_[{key, rule}];
  if (!cluster) cluster = build(key, *port, rule, subset);
  return cluster;
}

}  // namespace sluice::routing
