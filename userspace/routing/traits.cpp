// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/traits.h"

#include <algorithm>
#include <utility>

#include "userspace/routing/locality.h"
#include "userspace/routing/names.h"
#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

/// Istio asks the client's namespace for a DestinationRule before the service's own, so a rule
/// about anything but a service next to it makes its namespace special.
bool isAboutOtherNamespaces(const DestinationRule& rule, const std::string& domain) {
  const auto host = fullHost(rule.host, rule.metadata.namespace_, domain);
  return !host.ends_with("." + rule.metadata.namespace_ + ".svc." + domain) ||
         host.starts_with('*');
}

/// The namespace that a host of the form "catalog.shop.svc.cluster.local" names; or empty.
std::string namespaceIn(const std::string& host, const std::string& domain) {
  const auto ending = ".svc." + domain;
  const auto dot = host.find('.');
  if (!host.ends_with(ending) || dot >= host.size() - ending.size()) return "";
  return host.substr(dot + 1, host.size() - ending.size() - dot - 1);
}

/// Reads the traits of one resource.
class TraitReader {
 public:
  explicit TraitReader(const AgentSettings& agent) : agent_(agent) {}

  void read(const VirtualService& service) {
    addExports(exportedTo(service.export_to, agent_.default_virtual_service_export_to),
               service.metadata.namespace_);
    // Istio: where a match of an http rule names gateways, the client is not looked at.
    for (const auto& route : service.http)
      for (const auto& match : route.match)
        if (match.gateways.empty()) readMatch(match);
    readMatches(service.tls);
    readMatches(service.tcp);
  }

  void read(const DestinationRule& rule) {
    const auto& in = rule.metadata.namespace_;
    addExports(exportedTo(rule.export_to, agent_.default_destination_rule_export_to), in);
    if (rule.workload_selector) addSelector(rule.workload_selector->labels);
    if (rule.workload_selector || isAboutOtherNamespaces(rule, agent_.cluster_domain))
      traits_.namespaces.insert(in);
    readPolicies(rule.traffic_policy);
    for (const auto& subset : rule.subsets) readPolicies(subset.traffic_policy);
  }

  /// One without a mode counts, too: it hides the root namespace's from its clients.
  void read(const Sidecar& sidecar) {
    traits_.namespaces.insert(sidecar.metadata.namespace_);
    if (sidecar.workload_selector) addSelector(sidecar.workload_selector->labels);
  }

  void read(const RegistryService& service) {
    addExports(service.export_to, service.namespace_);
    // Where the Host header decides, a service's short name is for its own namespace.
    if (agent_.http_mode == AgentSettings::HttpMode::kIstio)
      traits_.namespaces.insert(service.namespace_);
    // A ServiceEntry may be about a host of another namespace, whose rules, which look as if they
    // were about a service next to them, are then for the clients of that namespace alone.
    const auto named = namespaceIn(service.host, agent_.cluster_domain);
    if (!named.empty() && named != service.namespace_) traits_.namespaces.insert(named);
    if (service.node_local) traits_.labels.insert(kHostnameLabel);
    ClusterPolicy policy;
    if (const auto& mesh = agent_.default_traffic_policy; mesh && mesh->outlier_detection)
      policy.outlier_detection = {*mesh->outlier_detection, ""};
    if (const auto locality = localityPolicy(policy, service, agent_))
      traits_.labels.merge(labelsOf(*locality));
  }

  Traits take() && { return std::move(traits_); }

 private:
  template <typename Match>
  void readMatch(const Match& match) {
    if (!match.source_namespace.empty()) traits_.namespaces.insert(match.source_namespace);
    addSelector(match.source_labels);
  }

  template <typename Routes>
  void readMatches(const Routes& routes) {
    for (const auto& route : routes)
      for (const auto& match : route.match) readMatch(match);
  }

  void readPolicies(const Rare<TrafficPolicy>& policy) {
    if (!policy) return;
    readPolicy(*policy);
    for (const auto& port : policy->port_level_settings) readPolicy(port);
  }

  /// A block may meet one that is written elsewhere, so both are read as if they did.
  void readPolicy(const PolicyBlocks& blocks) {
    ClusterPolicy policy;
    if (blocks.load_balancer) policy.load_balancer = {*blocks.load_balancer, ""};
    policy.outlier_detection = {OutlierDetection{}, ""};
    const bool matters =
        blocks.outlier_detection ||
        (blocks.load_balancer && blocks.load_balancer->locality_lb_setting.has_value());
    if (!matters) return;
    if (const auto locality = localityPolicy(policy, {}, agent_))
      traits_.labels.merge(labelsOf(*locality));
  }

  void addExports(const std::vector<std::string>& export_to, const std::string& own_namespace) {
    if (visibilityFor(export_to, own_namespace, "") == Visibility::kPublic) return;
    traits_.namespaces.insert(own_namespace);
    for (const auto& to : export_to)
      if (to != "." && to != "~") traits_.namespaces.insert(to);
  }

  void addSelector(const Labels& selector) {
    if (!selector.empty()) traits_.selectors.insert(selector);
  }

  const AgentSettings& agent_;
  Traits traits_;
};

/// To compare more would cost more than to compile for the client.
constexpr size_t kMostCompared = 64;

size_t sizeOf(const Traits& traits) {
  return traits.namespaces.size() + traits.selectors.size() + traits.labels.size();
}

template <typename T>
Traits traitsOfOne(const T& resource, const AgentSettings& agent) {
  TraitReader reader(agent);
  reader.read(resource);
  return std::move(reader).take();
}

}  // namespace

void Traits::merge(const Traits& more) {
  namespaces.insert(more.namespaces.begin(), more.namespaces.end());
  selectors.insert(more.selectors.begin(), more.selectors.end());
  labels.insert(more.labels.begin(), more.labels.end());
}

uint64_t variantsOf(const Traits& traits, uint64_t clients) {
  if (!traits.labels.empty() || traits.selectors.size() >= 32) return clients;
  // A client is in one namespace, and fits each selector or does not.
  return std::min(clients, (traits.namespaces.size() + 1) << traits.selectors.size());
}

void JointTraits::add(const Traits& more) {
  if (all_) return;
  if (sizeOf(more) <= kMostCompared) traits_.merge(more);
  all_ = sizeOf(more) > kMostCompared || sizeOf(traits_) > kMostCompared;
  if (all_) traits_ = {};
}

void JointTraits::add(const JointTraits& more) {
  add(more.traits_);
  all_ = all_ || more.all_;
}

bool JointTraits::areAlike(const Client& a, const Client& b) const {
  if (all_) return a == b;
  const auto& [namespaces, selectors, labels] = traits_;
  const bool same_namespace = a.namespace_ == b.namespace_ || (!namespaces.contains(a.namespace_) &&
                                                               !namespaces.contains(b.namespace_));
  const auto same_value = [&](const std::string& label) {
    const auto of_a = a.labels.find(label);
    const auto of_b = b.labels.find(label);
    if (of_a == a.labels.end() || of_b == b.labels.end())
      return of_a == a.labels.end() && of_b == b.labels.end();
    return of_a->second == of_b->second;
  };
  return same_namespace && std::ranges::all_of(labels, same_value) &&
         std::ranges::all_of(
             selectors, [&](const auto& selector) { return a.has(selector) == b.has(selector); });
}

Traits traitsOf(const VirtualService& service, const AgentSettings& agent) {
  return traitsOfOne(service, agent);
}

Traits traitsOf(const DestinationRule& rule, const AgentSettings& agent) {
  return traitsOfOne(rule, agent);
}

Traits traitsOf(const Sidecar& sidecar, const AgentSettings& agent) {
  return traitsOfOne(sidecar, agent);
}

Traits traitsOf(const Registry::Candidates& services, const AgentSettings& agent) {
  TraitReader reader(agent);
  for (const auto& service : services) reader.read(*service);
  return std::move(reader).take();
}

}  // namespace sluice::routing
