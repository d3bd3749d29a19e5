// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/client.h"
#include "userspace/routing/names_by_host.h"
#include "userspace/routing/reads.h"
#include "userspace/routing/registry.h"
#include "userspace/routing/snapshot_changes.h"
#include "userspace/routing/traits.h"
#include "userspace/routing/virtual_services.h"

namespace sluice::routing {

/// By what the resources of a Snapshot tell clients apart: all of them, which makes the groups of
/// clients, and those that something was made of, which decides for whom else it holds.
class ClientTraits {
 public:
  /// Borrows all three.
  ClientTraits(const Registry& registry, const VirtualServices& virtual_services,
               const AgentSettings& agent)
      : registry_(registry), virtual_services_(virtual_services), agent_(agent) {}

  /// From `before`, which it was made of, to `after`. The registry and the VirtualServices have
  /// followed already: `hosts` have other services now, the VirtualServices `names` are others.
  /// Whether clients may be in other groups now.
  bool update(const Snapshot& before, const Snapshot& after, const std::set<std::string>& hosts,
              const std::set<std::string>& names);

  ClientGroup groupOf(const Client& client) const;

  /// Of all that `reads` has asked for, but for what the rules of the RuleBook have: whoever is
  /// alike for these would have been given the same answers.
  JointTraits of(const Reads& reads) const;

 private:
  template <typename T>
  using Counted = std::map<T, int>;  ///< with how many resources say so

  /// What a VirtualService and its delegates, or a DestinationRule, tell apart.
  struct OfResource {
    std::vector<std::string> hosts;  ///< full
    JointTraits traits;
  };
  /// Only those that tell something apart.
  struct Resources {
    std::unordered_map<std::string, OfResource> by_name;  ///< "shop/catalog"
    NamesByHost by_host;
    void set(const std::string& name, OfResource resource);
    void erase(const std::string& name);
    void addTo(JointTraits& traits, const std::string& name) const;
  };

  template <typename T>
  void count(const ListChanges<T>& changes);
  void count(const Traits& traits, int by);
  template <typename T>
  void count(Counted<T>& counted, const T& item, int by);
  void followService(const std::string& host);
  void follow(const ListChanges<DestinationRule>& changes);
  void followDelegates(const ListChanges<VirtualService>& changes);
  void followVirtualService(const std::string& name);

  const Registry& registry_;
  const VirtualServices& virtual_services_;
  const AgentSettings& agent_;
  Counted<std::string> namespaces_, labels_;
  Counted<Labels> selectors_;
  bool changed_ = false;

  std::unordered_map<std::string, Traits> services_;  ///< by host, where they have some
  HostsByEnding service_hosts_;                       ///< of those
  Resources destination_rules_, roots_;
  std::unordered_map<std::string, Traits> delegates_;  ///< "billing/leaf", where they have some
};

}  // namespace sluice::routing
