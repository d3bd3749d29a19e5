// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {

/// Who calls, as far as rules can tell. The default is a client that no rule distinguishes: it
/// is in no namespace and has no labels.
struct Client {
  std::string namespace_;  // NOLINT(readability-identifier-naming): a keyword
  Labels labels;           ///< those of where it runs included (topology.h)

  bool has(const Labels& selector) const;
};

/// A Workload of `snapshot`, or else a Pod, by "namespace/name"; nothing when there is neither. A
/// Workload has the labels of the Pod of its name, too, and runs on this node.
std::optional<Client> findClient(const Snapshot& snapshot, const Registry& registry,
                                 const std::string& key);
Client clientOf(const Workload& workload, const Registry& registry, const AgentSettings& agent);

/// "app=web,version=v1".
std::string labelText(const Labels& labels);

/// Clients that agree in everything that the rules look at; they see the same routes.
struct ClientGroup {
  /// "namespace=shop;app=web,version=v1": the namespace if some rule names it, each label
  /// selector of a rule that the client satisfies, and the labels whose value matters, such as the
  /// zone. Empty when no rule distinguishes the client.
  std::string name;
  Client client;  ///< stands for all of them: has what `name` says and nothing else
};

/// Puts clients into groups.
class ClientTraits {
 public:
  ClientTraits(const Snapshot& snapshot, const Registry& registry);

  ClientGroup groupOf(const Client& client) const;

 private:
  void readVirtualService(const VirtualService& service, const AgentSettings& agent);
  void readDestinationRule(const DestinationRule& rule, const AgentSettings& agent);
  void readSidecar(const Sidecar& sidecar);
  void readService(const RegistryService& service, const AgentSettings& agent);
  void readPolicy(const PolicyBlocks& blocks, const AgentSettings& agent);
  template <typename Match>
  void readMatch(const Match& match);
  void addExports(const std::vector<std::string>& export_to, const std::string& own_namespace);
  void addSelector(const Labels& selector);

  std::vector<std::string> namespaces_;  ///< sorted
  std::vector<Labels> selectors_;        ///< sorted, none empty
  std::set<std::string> labels_;         ///< whose values matter
};

}  // namespace sluice::routing
