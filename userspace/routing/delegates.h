// SPDX-License-Identifier: Apache-2.0
// Delegation: an http rule of one VirtualService that stands for the rules of another.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// An http rule as it applies. `index` counts in spec.http of `delegate` where that is set.
struct HttpRuleSource {
  std::shared_ptr<const HttpRoute> route;
  int index = 0;
  std::string delegate = {};  ///< "billing/leaf"
  Rare<Inherited> inherited = {};
};

struct DelegatedRules {
  std::vector<HttpRuleSource> rules;  ///< in order, delegates in place of what names them
  std::vector<SkippedRule> dropped;   ///< conflicts, and rules whose delegate is not there
};

/// Finds a delegate that rules of `root_namespace` may use by "namespace/name"; null when there is
/// none, with the reason in `why`.
using FindDelegate = std::function<std::shared_ptr<const VirtualService>(
    const std::string& key, const std::string& root_namespace, std::string& why)>;

/// Each match of a rule is merged with each of its delegate's rules, and each host has the result
/// for itself. So many pairs may the hosts of a VirtualService have in all; rules beyond it are
/// dropped, and say so.
inline constexpr size_t kMaxDelegatedMatches = 250'000;

/// The http rules of `root` after delegation. Istio: mergeVirtualServicesIfNeeded; one level, a
/// delegate that is missing or not visible costs only the rule that names it, and a delegate's rule
/// that does not lie inside the root's matches is dropped.
DelegatedRules delegatedRules(const std::shared_ptr<const VirtualService>& root,
                              const FindDelegate& find, const std::string& cluster_domain);

/// What `leaf`, a rule of a delegate, counts for `root`, the rule that delegates to it: the pairs
/// of their matches, and destinations.
size_t mergedWeight(const HttpRoute& root, const HttpRoute& leaf);

/// The matches of a delegate's rule below those of the root's; false when one of them fits none.
/// Istio: mergeHTTPMatchRequests.
bool mergeMatches(const std::vector<HttpMatchRequest>& root,
                  const std::vector<HttpMatchRequest>& leaf, std::vector<HttpMatchRequest>& merged);

}  // namespace sluice::routing
