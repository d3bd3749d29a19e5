// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/policy.h"

#include <initializer_list>
#include <string>

namespace sluice::routing {
namespace {

template <typename T>
void place(std::optional<Sourced<T>>& block, const std::optional<T>& written,
           const std::string& from, const char* field) {
  if (written) block = Sourced<T>{*written, from + "." + field};
}

void placeBlocks(ClusterPolicy& policy, const PolicyBlocks& blocks, const std::string& from) {
  place(policy.load_balancer, blocks.load_balancer, from, "loadBalancer");
  place(policy.connection_pool, blocks.connection_pool, from, "connectionPool");
  place(policy.outlier_detection, blocks.outlier_detection, from, "outlierDetection");
  place(policy.tls, blocks.tls, from, "tls");
}

/// Those that a port has none of.
void placeOthers(ClusterPolicy& policy, const TrafficPolicy& written, const std::string& from) {
  place(policy.tunnel, written.tunnel, from, "tunnel");
  place(policy.proxy_protocol, written.proxy_protocol, from, "proxyProtocol");
  place(policy.retry_budget, written.retry_budget, from, "retryBudget");
}

void clearBlocks(ClusterPolicy& policy) {
  policy.load_balancer.reset();
  policy.connection_pool.reset();
  policy.outlier_detection.reset();
  policy.tls.reset();
}

/// The first of portLevelSettings for the port; its index, or nothing.
std::optional<size_t> portLevel(const TrafficPolicy& policy, uint16_t port) {
  for (size_t i = 0; i < policy.port_level_settings.size(); ++i)
    if (policy.port_level_settings[i].port == port) return i;
  return std::nullopt;
}

std::string portLevelPath(const std::string& from, size_t index) {
  return from + ".portLevelSettings[" + std::to_string(index) + "]";
}

void placeRule(ClusterPolicy& policy, const MergedRule& rule, uint16_t port) {
  if (!rule.traffic_policy) return;
  const auto& written = *rule.traffic_policy;
  const auto& from = rule.traffic_policy_from;
  if (const auto level = portLevel(written, port))
    return placeBlocks(policy, written.port_level_settings[*level], portLevelPath(from, *level));
  placeBlocks(policy, written, from);
  placeOthers(policy, written, from);
}

void placeSubset(ClusterPolicy& policy, const MergedRule::PlacedSubset& placed, uint16_t port) {
  if (!placed.subset->traffic_policy) return;
  const auto& written = *placed.subset->traffic_policy;
  const auto from = placed.from + ".trafficPolicy";
  if (const auto level = portLevel(written, port)) {
    clearBlocks(policy);
    return placeBlocks(policy, written.port_level_settings[*level], portLevelPath(from, *level));
  }
  placeBlocks(policy, written, from);
  placeOthers(policy, written, from);
}

/// Kubernetes: connections of one client address go to one endpoint.
void placeAffinity(ClusterPolicy& policy, const RegistryService& service) {
  if (!service.session_affinity || policy.load_balancer) return;
  LoadBalancerSettings settings;
  settings.consistent_hash = ConsistentHash{};
  settings.consistent_hash->use_source_ip = true;
  policy.load_balancer = {settings, service.resource + " spec.sessionAffinity"};
}

void placeDefaults(ClusterPolicy& policy, const AgentSettings& agent) {
  if (!agent.default_traffic_policy) return;
  const auto& blocks = *agent.default_traffic_policy;
  const std::string from = "Agent spec.mesh.defaultTrafficPolicy";
  if (!policy.connection_pool)
    place(policy.connection_pool, blocks.connection_pool, from, "connectionPool");
  if (!policy.outlier_detection)
    place(policy.outlier_detection, blocks.outlier_detection, from, "outlierDetection");
}

/// Istio: those of a ServiceEntry, where the policy has none of its own.
void placeServerNames(ClusterPolicy& policy, const RegistryService& service) {
  if (policy.tls && policy.tls->value.subject_alt_names.empty())
    policy.tls->value.subject_alt_names = service.subject_alt_names;
}

/// The key of a policy for the port, or its own.
const ConsistentHash* hashOf(const TrafficPolicy* policy, std::optional<uint16_t> port) {
  const PolicyBlocks* blocks = policy;
  if (policy == nullptr) return nullptr;
  if (port) {
    const auto level = portLevel(*policy, *port);
    if (!level) return nullptr;
    blocks = &policy->port_level_settings[*level];
  }
  const bool hashes = blocks->load_balancer && blocks->load_balancer->consistent_hash;
  return hashes ? &*blocks->load_balancer->consistent_hash : nullptr;
}

}  // namespace

HashKeys hashKeys(const MergedRule* rule, const MergedRule::PlacedSubset* subset, uint16_t port,
                  const ClusterPolicy& policy) {
  if (!policy.load_balancer || !policy.load_balancer->value.consistent_hash) return {};
  const bool placed = subset && subset->subset->traffic_policy;
  const auto* inner = placed ? &*subset->subset->traffic_policy : nullptr;
  const auto* outer = rule ? rule->traffic_policy : nullptr;
  const auto first = [](std::initializer_list<const ConsistentHash*> keys) {
    for (const auto* key : keys)
      if (key != nullptr) return std::optional(*key);
    return std::optional<ConsistentHash>();
  };
  HashKeys keys{
      first({hashOf(inner, port), hashOf(inner, {}), hashOf(outer, port), hashOf(outer, {})}),
      first({hashOf(inner, {}), hashOf(outer, {})})};
  // No rule's: sessionAffinity of the Service.
  if (!keys.with_port)
    keys.with_port = keys.without_port = policy.load_balancer->value.consistent_hash;
  return keys;
}

bool hashesTheRequest(const ConsistentHash& key) {
  return !key.http_header_name.empty() || key.http_cookie || !key.http_query_parameter_name.empty();
}

ClusterPolicy effectivePolicy(const MergedRule* rule, const MergedRule::PlacedSubset* subset,
                              uint16_t port, const RegistryService& service,
                              const AgentSettings& agent) {
  ClusterPolicy policy;
  if (rule) placeRule(policy, *rule, port);
  if (subset) placeSubset(policy, *subset, port);
  placeServerNames(policy, service);
  placeAffinity(policy, service);
  placeDefaults(policy, agent);
  return policy;
}

}  // namespace sluice::routing
