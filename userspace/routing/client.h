// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
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

/// What one resource makes of clients: by what it tells them apart.
struct Traits {
  std::vector<std::string> namespaces;
  std::vector<Labels> selectors;  ///< none empty
  std::set<std::string> labels;   ///< whose values matter
};

/// Puts clients into groups, by all that the rules of a Snapshot look at.
class ClientTraits {
 public:
  ClientTraits(const Snapshot& snapshot, const Registry& registry);

  /// From `before`, which it was made of, to `after`; the settings of the agent must be the same.
  /// `registry` has followed already, and `hosts` have other services now. Whether clients may be
  /// in other groups now.
  bool update(const Snapshot& before, const Snapshot& after, const Registry& registry,
              const std::set<std::string>& hosts);

  ClientGroup groupOf(const Client& client) const;

 private:
  template <typename T>
  using Counted = std::map<T, int>;  ///< with how many resources say so

  void count(const Traits& traits, int by);
  template <typename T>
  void count(Counted<T>& counted, const T& item, int by);
  template <typename T>
  void follow(const Snapshot::List<T>& before, const Snapshot::List<T>& after,
              const AgentSettings& agent);
  void followService(const std::string& host, const Registry& registry, const AgentSettings& agent);

  Counted<std::string> namespaces_, labels_;
  Counted<Labels> selectors_;
  std::unordered_map<std::string, Traits> services_;  ///< by host, where they have some
  bool changed_ = false;
};

}  // namespace sluice::routing
