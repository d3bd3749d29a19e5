// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "userspace/model/resources.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {

/// Who calls, as far as rules can tell. The default is a client that no rule distinguishes: it
/// is in no namespace and has no labels.
struct Client {
  std::string namespace_;  // NOLINT(readability-identifier-naming): a keyword
  Labels labels;           ///< those of where it runs included (topology.h)

  bool has(const Labels& selector) const;
  friend auto operator<=>(const Client&, const Client&) = default;
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

}  // namespace sluice::routing
