// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <ranges>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/delegates.h"
#include "userspace/routing/hosts_by_ending.h"
#include "userspace/routing/names.h"

namespace sluice::routing {

/// Istio: one that names no gateway, or "mesh".
bool appliesInMesh(const VirtualService& service);

/// A VirtualService that applies inside the mesh: names completed, delegates in place.
struct MeshVirtualService {
  std::shared_ptr<const VirtualService> resource;
  std::vector<std::string> hosts;                       ///< full
  std::vector<HttpRuleSource> http;                     ///< in order
  std::vector<SkippedRule> dropped;                     ///< http rules that delegation left out
  const std::vector<std::string>* export_to = nullptr;  ///< its own, else the mesh's default
  std::set<std::string> delegates;                      ///< that were asked for: "billing/leaf"
};

/// A VirtualService as clients of one namespace meet it for one host.
struct Candidate {
  const MeshVirtualService* service = nullptr;
  std::string pattern;  ///< which of its hosts covers the host, the most specific
  Visibility visibility = Visibility::kHidden;
};

/// The VirtualServices of a Snapshot that apply inside the mesh.
class VirtualServices {
 public:
  /// What an update has changed.
  struct Changes {
    std::set<std::string> names;  ///< of VirtualServices, "shop/catalog"
    std::set<std::string> hosts;  ///< that they named or name, wildcards among them
  };

  /// `agent` must outlive it and stay as it is.
  VirtualServices(const Snapshot& snapshot, const AgentSettings& agent);

  /// Takes over what changed from `before`, which they were made of, to `after`. A VirtualService
  /// changes with its delegates; the others keep their object.
  Changes update(const Snapshot& before, const Snapshot& after);

  /// All that name `host` and that clients of `client_namespace` see, the one to be asked first
  /// first. Istio: an exact host before a wildcard and the longer wildcard before the shorter; then
  /// one that only the client's namespace sees, then one exported to it by name, then the older.
  std::vector<Candidate> naming(const std::string& host, const std::string& client_namespace) const;

  /// All that name a host which `wildcard` covers or by which it is covered, and that clients of
  /// `client_namespace` see; each once, in the order in which Istio goes through them: by
  /// visibility, then by age.
  std::vector<Candidate> overlapping(const std::string& wildcard,
                                     const std::string& client_namespace) const;

  /// "shop/catalog"; null when there is none, or not inside the mesh.
  const MeshVirtualService* find(const std::string& name) const;

  /// Of all of them, in no order.
  auto names() const { return roots_ | std::views::keys; }

 private:
  using List = std::vector<const MeshVirtualService*>;
  using Names = std::set<std::string>;

  void remove(const VirtualService& resource, Names& touched);
  void add(const std::shared_ptr<const VirtualService>& resource, Names& touched);
  void touchRoots(const std::string& delegate, Names& touched) const;
  void prepareAgain(const std::string& name);
  void prepare(MeshVirtualService& service);
  std::shared_ptr<const VirtualService> findDelegate(const std::string& key,
                                                     const std::string& root_namespace,
                                                     std::string& why) const;
  void index(const MeshVirtualService& service);
  void forget(const MeshVirtualService& service);
  List& namingExactly(const std::string& host);
  const List& namingExactly(const std::string& host) const;  ///< of a host of `hosts_`

  const AgentSettings& agent_;
  std::unordered_map<std::string, std::shared_ptr<const VirtualService>> delegates_;
  std::unordered_map<std::string, std::unique_ptr<MeshVirtualService>> roots_;
  std::unordered_map<std::string, Names> delegators_;  ///< delegate -> roots that ask for it
  /// By full host; by what follows the star.
  std::unordered_map<std::string, List> exact_, wildcards_;
  HostsByEnding hosts_;  ///< that they name
};

/// Whether `a` comes before `b` where connections are concerned (Istio: for tcp and tls rules the
/// specificity of the host does not count): by visibility, then by age.
bool comesBefore(const Candidate& a, const Candidate& b);

}  // namespace sluice::routing
