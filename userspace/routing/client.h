// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {

/// Who calls, as far as rules can tell. The default is a client that no rule distinguishes: it
/// is in no namespace and has no labels.
struct Client {
  std::string namespace_;  // NOLINT(readability-identifier-naming): a keyword
  Labels labels;

  bool has(const Labels& selector) const;
};

/// "app=web,version=v1".
std::string labelText(const Labels& labels);

/// Clients that agree in everything that the rules look at; they see the same routes.
struct ClientGroup {
  /// "namespace=shop;app=web,version=v1": the namespace if some rule names it, and each label
  /// selector of a rule that the client satisfies. Empty when no rule distinguishes the client.
  std::string name;
  Client client;  ///< stands for all of them: has what `name` says and nothing else
};

/// Puts clients into groups.
class ClientTraits {
 public:
  ClientTraits(const Snapshot& snapshot, const Registry& registry);

  ClientGroup groupOf(const Client& client) const;

 private:
  void readVirtualService(const VirtualService& service);
  void addExports(const std::vector<std::string>& export_to, const std::string& own_namespace);

  std::vector<std::string> namespaces_;  ///< sorted
  std::vector<Labels> selectors_;        ///< sorted
};

}  // namespace sluice::routing
