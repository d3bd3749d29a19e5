// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/client.h"

#include <algorithm>
#include <utility>

#include "userspace/routing/locality.h"
#include "userspace/routing/names.h"
#include "userspace/routing/snapshot_changes.h"
#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

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
      traits_.namespaces.push_back(in);
    readPolicies(rule.traffic_policy);
    for (const auto& subset : rule.subsets) readPolicies(subset.traffic_policy);
  }

  /// One without a mode counts, too: it hides the root namespace's from its clients.
  void read(const Sidecar& sidecar) {
    traits_.namespaces.push_back(sidecar.metadata.namespace_);
    if (sidecar.workload_selector) addSelector(sidecar.workload_selector->labels);
  }

  void read(const RegistryService& service) {
    addExports(service.export_to, service.namespace_);
    // Where the Host header decides, a service's short name is for its own namespace.
    if (agent_.http_mode == AgentSettings::HttpMode::kIstio)
      traits_.namespaces.push_back(service.namespace_);
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
    if (!match.source_namespace.empty()) traits_.namespaces.push_back(match.source_namespace);
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
    traits_.namespaces.push_back(own_namespace);
    for (const auto& to : export_to)
      if (to != "." && to != "~") traits_.namespaces.push_back(to);
  }

  void addSelector(const Labels& selector) {
    if (!selector.empty()) traits_.selectors.push_back(selector);
  }

  const AgentSettings& agent_;
  Traits traits_;
};

template <typename T>
Traits traitsOf(const T& resource, const AgentSettings& agent) {
  TraitReader reader(agent);
  reader.read(resource);
  return std::move(reader).take();
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
  std::set<std::string> hosts;
  for (const auto& [host, services] : registry.hosts()) hosts.insert(host);
  update({}, snapshot, registry, hosts);
}

bool ClientTraits::update(const Snapshot& before, const Snapshot& after, const Registry& registry,
                          const std::set<std::string>& hosts) {
  changed_ = false;
  follow(before.virtual_services, after.virtual_services, after.agent);
  follow(before.destination_rules, after.destination_rules, after.agent);
  follow(before.sidecars, after.sidecars, after.agent);
  for (const auto& host : hosts) followService(host, registry, after.agent);
  return changed_;
}

template <typename T>
void ClientTraits::follow(const Snapshot::List<T>& before, const Snapshot::List<T>& after,
                          const AgentSettings& agent) {
  const auto changes = changesOf(before, after);
  // What a resource says before and after its change is never gone between the two.
  for (const auto& resource : changes.added) count(traitsOf(*resource, agent), 1);
  for (const auto& resource : changes.removed) count(traitsOf(*resource, agent), -1);
}

void ClientTraits::followService(const std::string& host, const Registry& registry,
                                 const AgentSettings& agent) {
  TraitReader reader(agent);
  if (const auto found = registry.hosts().find(host); found != registry.hosts().end())
    for (const auto& service : found->second) reader.read(*service);
  auto traits = std::move(reader).take();
  count(traits, 1);
  if (const auto last = services_.find(host); last != services_.end()) count(last->second, -1);
  if (traits.namespaces.empty() && traits.labels.empty())
    services_.erase(host);
  else
    services_.insert_or_assign(host, std::move(traits));
}

void ClientTraits::count(const Traits& traits, int by) {
  for (const auto& name : traits.namespaces) count(namespaces_, name, by);
  for (const auto& selector : traits.selectors) count(selectors_, selector, by);
  for (const auto& label : traits.labels) count(labels_, label, by);
}

template <typename T>
void ClientTraits::count(Counted<T>& counted, const T& item, int by) {
  auto& resources = counted[item];
  changed_ = changed_ || resources == 0;
  resources += by;
  if (resources > 0) return;
  counted.erase(item);
  changed_ = true;
}

ClientGroup ClientTraits::groupOf(const Client& client) const {
  ClientGroup group;
  const auto name = [&](const std::string& part) {
    group.name += (group.name.empty() ? "" : ";") + part;
  };
  if (namespaces_.contains(client.namespace_)) {
    name("namespace=" + client.namespace_);
    group.client.namespace_ = client.namespace_;
  }
  for (const auto& [selector, resources] : selectors_) {
    if (!client.has(selector)) continue;
    name(labelText(selector));
    group.client.labels.insert(selector.begin(), selector.end());
  }
  Labels values;
  for (const auto& [label, resources] : labels_)
    if (const auto at = client.labels.find(label); at != client.labels.end()) values.insert(*at);
  if (!values.empty()) name(labelText(values));
  group.client.labels.merge(values);
  return group;
}

}  // namespace sluice::routing
