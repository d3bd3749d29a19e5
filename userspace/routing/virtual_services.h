// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/delegates.h"
#include "userspace/routing/names.h"

namespace sluice::routing {

/// A VirtualService that applies inside the mesh: names completed, delegates in place.
struct MeshVirtualService {
  std::shared_ptr<const VirtualService> resource;
  std::vector<std::string> hosts;                       ///< full
  std::vector<HttpRuleSource> http;                     ///< in order
  std::vector<SkippedRule> dropped;                     ///< http rules that delegation left out
  const std::vector<std::string>* export_to = nullptr;  ///< its own, else the mesh's default
  size_t age_rank = 0;                                  ///< 0: the oldest
};

/// A VirtualService as clients of one namespace meet it for one host.
struct Candidate {
  const MeshVirtualService* service = nullptr;
  std::string pattern;  ///< which of its hosts covers the host, the most specific
  Visibility visibility = Visibility::kHidden;
};

/// The VirtualServices of a Snapshot, which must outlive it, that apply inside the mesh.
class VirtualServices {
 public:
  explicit VirtualServices(const Snapshot& snapshot);

  /// All that name `host` and that clients of `client_namespace` see, the one to be asked first
  /// first. Istio: an exact host before a wildcard and the longer wildcard before the shorter; then
  /// one that only the client's namespace sees, then one exported to it by name, then the older.
  std::vector<Candidate> naming(const std::string& host, const std::string& client_namespace) const;

  /// All that clients of `client_namespace` see, in the order in which Istio goes through them:
  /// by visibility, then by age.
  std::vector<const MeshVirtualService*> visibleTo(const std::string& client_namespace) const;

 private:
  MeshVirtualService prepare(const std::shared_ptr<const VirtualService>& resource) const;
  std::shared_ptr<const VirtualService> findDelegate(const std::string& key,
                                                     const std::string& root_namespace,
                                                     std::string& why) const;
  void index(const MeshVirtualService& service);

  const AgentSettings& agent_;
  std::unordered_map<std::string, std::shared_ptr<const VirtualService>> delegates_;
  std::vector<std::unique_ptr<const MeshVirtualService>> by_age_;
  /// By full host; by what follows the star. Older first.
  std::unordered_map<std::string, std::vector<const MeshVirtualService*>> exact_, wildcards_;
};

/// Whether `a` comes before `b` where connections are concerned (Istio: for tcp and tls rules the
/// specificity of the host does not count).
bool comesBefore(const Candidate& a, const Candidate& b);

}  // namespace sluice::routing
