// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/client.h"

#include <algorithm>

#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

template <typename T>
const T* findByKey(const Snapshot::List<T>& list, const std::string& key) {
  for (const auto& item : list)
    if (item->metadata.key() == key) return item.get();
  return nullptr;
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

}  // namespace sluice::routing
