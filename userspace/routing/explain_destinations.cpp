// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/explain_destinations.h"

#include <algorithm>

namespace sluice::routing {
namespace {

std::string namespaceOf(const std::string& key) { return key.substr(0, key.find('/')); }

std::string namespaceOfHost(const RouteTable& table, const ClusterKey& cluster) {
  const auto* found = table.services.find({cluster.host, cluster.port});
  return found ? (*found)->service_namespace : std::string();
}

/// Istio asks three namespaces for a DestinationRule, in this order.
std::string whereFound(const ExplainContext& context, const Cluster& cluster) {
  if (cluster.destination_rule.empty()) return {};
  const auto in = namespaceOf(cluster.destination_rule);
  if (in == namespaceOf(context.request.from)) return "the client's namespace";
  if (in == namespaceOfHost(context.table, cluster.key)) return "the service's namespace";
  return "the root namespace";
}

ExplainedDestination describe(const ExplainContext& context, const WeightedCluster& destination,
                              double total) {
  ExplainedDestination result;
  result.cluster = destination.key;
  result.weight = destination.weight;
  result.share = total > 0 ? destination.weight / total : 0;
  result.exists = destination.cluster != nullptr;
  result.missing = destination.missing;
  result.headers = *destination.headers;
  if (!destination.cluster) return result;
  const auto& cluster = *destination.cluster;
  result.keeps_address = cluster.passthrough;
  result.endpoints = cluster.endpoints;
  result.unresolved = cluster.unresolved;
  result.destination_rule = cluster.destination_rule;
  result.destination_rule_found = whereFound(context, cluster);
  result.policy = *cluster.settings;
  const auto& balancer = result.policy.load_balancer;
  result.lacks_hash_key = balancer && balancer->value.consistent_hash && !destination.hashKey();
  return result;
}

bool canServe(const ExplainContext& context, const ExplainedDestination& destination) {
  const bool by_name = !destination.unresolved.empty() && !context.request.names_are_resolved;
  return destination.keeps_address || by_name ||
         std::ranges::any_of(destination.endpoints, [](const auto& e) { return e.share > 0; });
}

}  // namespace

std::vector<ExplainedDestination> explainDestinations(
    const ExplainContext& context, const std::vector<WeightedCluster>& destinations) {
  double total = 0;
  for (const auto& destination : destinations) total += destination.weight;
  std::vector<ExplainedDestination> result;
  result.reserve(destinations.size());
  for (const auto& destination : destinations)
    result.push_back(describe(context, destination, total));
  return result;
}

void decideByDestinations(const ExplainContext& context, Explanation& explanation) {
  const auto& all = explanation.destinations;
  const bool served = std::ranges::any_of(all, [&](const auto& d) { return canServe(context, d); });
  const bool exists = std::ranges::any_of(all, [](const auto& d) { return d.exists; });
  explanation.action = served ? Action::kRoute : exists ? Action::kNoEndpoints : Action::kNoCluster;
  if (!served) explanation.flag = exists ? "UH" : "NC";
}

}  // namespace sluice::routing
