// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/client.h"

#include <algorithm>

#include "userspace/routing/locality.h"
#include "userspace/routing/names.h"
#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

template <typename T>
void sortUnique(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

template <typename T>
const T* findByKey(const Snapshot::List<T>& list, const std::string& key) {
  for (const auto& item : list)
    if (item->metadata.key() == key) return item.get();
  return nullptr;
}

/// Istio asks the client's namespace for a DestinationRule before the service's own, so a rule
/// about anything but a service next to it makes its namespace special.
bool isAboutOtherNamespaces(const DestinationRule& rule, const std::string& domain) {
  const auto host = fullHost(rule.host, rule.metadata.namespace_, domain);
  return !host.ends_with("." + rule.metadata.namespace_ + ".svc." + domain) ||
         host.starts_with('*');
}

}  // namespace

std::string labelText(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) text += (text.empty() ? "" : ",") + name + "=" + value;
  return text;
}

bool Client::has(const Labels& selector) const { return std::ranges::includes(labels, selector); }

Client clientOf(const Workload& workload, const Registry& registry, const AgentSettings& agent) {
  Client client{workload.metadata.namespace_, workload.metadata.labels};
  const auto pod = registry.pod(workload.metadata.key());
  if (pod)
    client.labels.merge(pod->labels());
  else if (!agent.node_name.empty())
    client.labels.merge(registry.nodeLabels(agent.node_name));
  return client;
}

std::optional<Client> findClient(const Snapshot& snapshot, const Registry& registry,
                                 const std::string& key) {
  if (const auto* workload = findByKey(snapshot.workloads, key))
    return clientOf(*workload, registry, snapshot.agent);
  if (const auto pod = registry.pod(key))
    return Client{key.substr(0, key.find('/')), pod->labels()};
  return std::nullopt;
}

ClientTraits::ClientTraits(const Snapshot& snapshot, const Registry& registry) {
  const auto& agent = snapshot.agent;
  for (const auto& service : snapshot.virtual_services) readVirtualService(*service, agent);
  for (const auto& rule : snapshot.destination_rules) readDestinationRule(*rule, agent);
  for (const auto& sidecar : snapshot.sidecars) readSidecar(*sidecar);
  for (const auto& [host, service] : registry.services()) readService(service, agent);
  sortUnique(namespaces_);
  sortUnique(selectors_);
}

template <typename Match>
void ClientTraits::readMatch(const Match& match) {
  if (!match.source_namespace.empty()) namespaces_.push_back(match.source_namespace);
  addSelector(match.source_labels);
}

void ClientTraits::readVirtualService(const VirtualService& service, const AgentSettings& agent) {
  addExports(exportedTo(service.export_to, agent.default_virtual_service_export_to),
             service.metadata.namespace_);
  const auto read_all = [this](const auto& routes) {
    for (const auto& route : routes)
      for (const auto& match : route.match) readMatch(match);
  };
  // Istio: where a match of an http rule names gateways, the client is not looked at.
  for (const auto& route : service.http)
    for (const auto& match : route.match)
      if (match.gateways.empty()) readMatch(match);
  read_all(service.tls);
  read_all(service.tcp);
}

void ClientTraits::readDestinationRule(const DestinationRule& rule, const AgentSettings& agent) {
  const auto& in = rule.metadata.namespace_;
  addExports(exportedTo(rule.export_to, agent.default_destination_rule_export_to), in);
  if (rule.workload_selector) addSelector(rule.workload_selector->labels);
  if (rule.workload_selector || isAboutOtherNamespaces(rule, agent.cluster_domain))
    namespaces_.push_back(in);
  const auto read_all = [&](const std::optional<TrafficPolicy>& policy) {
    if (!policy) return;
    readPolicy(*policy, agent);
    for (const auto& port : policy->port_level_settings) readPolicy(port, agent);
  };
  read_all(rule.traffic_policy);
  for (const auto& subset : rule.subsets) read_all(subset.traffic_policy);
}

/// One without a mode counts, too: it hides the root namespace's from its clients.
void ClientTraits::readSidecar(const Sidecar& sidecar) {
  namespaces_.push_back(sidecar.metadata.namespace_);
  if (sidecar.workload_selector) addSelector(sidecar.workload_selector->labels);
}

void ClientTraits::readService(const RegistryService& service, const AgentSettings& agent) {
  addExports(service.export_to, service.namespace_);
  // Where the Host header decides, a service's short name is for its own namespace.
  if (agent.http_mode == AgentSettings::HttpMode::kIstio) namespaces_.push_back(service.namespace_);
  if (service.node_local) labels_.insert(kHostnameLabel);
  ClusterPolicy policy;
  if (const auto& mesh = agent.default_traffic_policy; mesh && mesh->outlier_detection)
    policy.outlier_detection = {*mesh->outlier_detection, ""};
  if (const auto locality = localityPolicy(policy, service, agent))
    labels_.merge(labelsOf(*locality));
}

/// A block may meet one that is written elsewhere, so both are read as if they did.
void ClientTraits::readPolicy(const PolicyBlocks& blocks, const AgentSettings& agent) {
  ClusterPolicy policy;
  if (blocks.load_balancer) policy.load_balancer = {*blocks.load_balancer, ""};
  policy.outlier_detection = {OutlierDetection{}, ""};
  const bool matters =
      blocks.outlier_detection ||
      (blocks.load_balancer && blocks.load_balancer->locality_lb_setting.has_value());
  if (!matters) return;
  if (const auto locality = localityPolicy(policy, {}, agent)) labels_.merge(labelsOf(*locality));
}

void ClientTraits::addExports(const std::vector<std::string>& export_to,
                              const std::string& own_namespace) {
  if (visibilityFor(export_to, own_namespace, "") == Visibility::kPublic) return;
  namespaces_.push_back(own_namespace);
  for (const auto& to : export_to)
    if (to != "." && to != "~") namespaces_.push_back(to);
}

void ClientTraits::addSelector(const Labels& selector) {
  if (!selector.empty()) selectors_.push_back(selector);
}

ClientGroup ClientTraits::groupOf(const Client& client) const {
  ClientGroup group;
  const auto name = [&](const std::string& part) {
    group.name += (group.name.empty() ? "" : ";") + part;
  };
  if (std::binary_search(namespaces_.begin(), namespaces_.end(), client.namespace_)) {
    name("namespace=" + client.namespace_);
    group.client.namespace_ = client.namespace_;
  }
  for (const auto& selector : selectors_) {
    if (!client.has(selector)) continue;
    name(labelText(selector));
    group.client.labels.insert(selector.begin(), selector.end());
  }
  Labels values;
  for (const auto& label : labels_)
    if (const auto at = client.labels.find(label); at != client.labels.end()) values.insert(*at);
  if (!values.empty()) name(labelText(values));
  group.client.labels.merge(values);
  return group;
}

}  // namespace sluice::routing
