// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "userspace/model/resources.h"
#include "userspace/routing/client.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {

/// By what something tells clients apart.
struct Traits {
  std::set<std::string> namespaces;
  std::set<Labels> selectors;    ///< none empty
  std::set<std::string> labels;  ///< whose values matter

  bool empty() const { return namespaces.empty() && selectors.empty() && labels.empty(); }
  void merge(const Traits& more);
};

/// As how many different ones `clients` of them may appear at most.
uint64_t variantsOf(const Traits& traits, uint64_t clients);

/// By what several resources together do.
class JointTraits {
 public:
  void add(const Traits& more);
  void add(const JointTraits& more);
  bool empty() const { return !all_ && traits_.empty(); }
  /// Whether the two are the same client for them. Of very many traits nobody is asked: then only
  /// one client is alike.
  bool areAlike(const Client& a, const Client& b) const;

 private:
  Traits traits_;
  bool all_ = false;  ///< there are too many to be compared
};

/// What one resource makes of clients. Of blocks that may meet others elsewhere, as a policy's and
/// a subset's, what it would make if they did.
Traits traitsOf(const VirtualService& service, const AgentSettings& agent);
Traits traitsOf(const DestinationRule& rule, const AgentSettings& agent);
Traits traitsOf(const Sidecar& sidecar, const AgentSettings& agent);
/// All services of one host.
Traits traitsOf(const Registry::Candidates& services, const AgentSettings& agent);

}  // namespace sluice::routing
