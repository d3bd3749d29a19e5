// SPDX-License-Identifier: Apache-2.0
// Istio: virtualservice.ConflictingMeshGatewayHostsAnalyzer. Rules that are exported to the same
// namespaces conflict when they name the same host; one that is private to some namespaces also
// conflicts with a public one whose host covers its own, or the other way round.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "userspace/analysis/checks.h"
#include "userspace/routing/age.h"
#include "userspace/routing/hosts_by_ending.h"

namespace sluice::analysis {
namespace {

constexpr size_t kNamesShown = 5;
/// Of the claims beside the one that a finding is about, so many are looked at for their names: a
/// finding costs the same, however many there are.
constexpr size_t kClaimsRead = 64;

/// A VirtualService and which of its hosts it is about.
struct Claim {
  const VirtualService* service;
  size_t host;
};

/// Claims that conflict with each other, unless all are of one VirtualService. Those of other sets
/// may be among them, which must outlive this and be complete.
class ClaimSet {
 public:
  void add(const Claim& claim) {
    note(claim, claim, 1);
    own_.push_back(claim);
  }
  void add(const ClaimSet& part) {
    if (part.size_ == 0) return;
    note(*part.first_, *part.oldest_, part.size_);
    if (part.other_) note(*part.other_, *part.oldest_, 0);
    parts_.push_back(&part);
  }

  bool areOfSeveral() const { return other_.has_value(); }
  size_t size() const { return size_; }
  const VirtualService& oldest() const { return *oldest_->service; }
  const std::vector<Claim>& own() const { return own_; }
  const std::vector<const ClaimSet*>& parts() const { return parts_; }

  /// One of another VirtualService, where they are of several.
  const VirtualService& otherThan(const VirtualService* service) const {
    return first_->service == service ? *other_->service : *first_->service;
  }

 private:
  void note(const Claim& claim, const Claim& oldest, size_t count) {
    size_ += count;
    if (!first_) first_ = claim;
    if (!other_ && claim.service != first_->service) other_ = claim;
    if (!oldest_ || routing::isOlder(oldest.service->metadata, oldest_->service->metadata))
      oldest_ = oldest;
  }

  std::vector<Claim> own_;
  std::vector<const ClaimSet*> parts_;
  size_t size_ = 0;
  std::optional<Claim> first_, other_, oldest_;  ///< `other_`: of another VirtualService
};

std::set<std::string> scopesOf(const VirtualService& service, const AgentSettings& settings) {
  const auto& exported =
      service.export_to.empty() ? settings.default_virtual_service_export_to : service.export_to;
  if (exported.empty() || std::ranges::count(exported, "*") > 0) return {"*"};
  std::set<std::string> scopes;
  for (const std::string& scope : exported) {
    scopes.insert(scope == "." ? service.metadata.namespace_ : scope);
  }
  return scopes;
}

/// The hosts that rules for everybody claim.
class PublicClaims {
 public:
  void add(const std::string& host, const Claim& claim) {
    by_host_[host].add(claim);
    hosts_.insert(host);
  }
  const std::map<std::string, ClaimSet>& byHost() const { return by_host_; }

  /// Claims of hosts that cover `host` or are covered by it; after all have been added.
  const ClaimSet& overlapping(const std::string& host) {
    const auto [at, is_new] = overlapping_.try_emplace(host);
    if (!is_new) return at->second;
    append(host, at->second);
    routing::forEachWildcardAbove(host, [&](const std::string& wildcard) {
      if (wildcard != host) append(wildcard, at->second);
    });
    if (host.starts_with('*'))
      hosts_.forEachBelow(host, [&](const std::string& below) {
        if (below != host) append(below, at->second);
      });
    return at->second;
  }

 private:
  void append(const std::string& host, ClaimSet& found) const {
    const auto claims = by_host_.find(host);
    if (claims != by_host_.end()) found.add(claims->second);
  }

  std::map<std::string, ClaimSet> by_host_;
  std::map<std::string, ClaimSet> overlapping_;  ///< by the host that was asked for
  routing::HostsByEnding hosts_;
};

/// Collects the names of other VirtualServices than one.
class OtherNames {
 public:
  OtherNames(const VirtualService* than, const ClaimSet& claims) : than_(than) {
    names_.insert(claims.otherThan(than).metadata.key());
    read(claims);
  }
  const std::set<std::string>& get() const { return names_; }

 private:
  void read(const ClaimSet& claims) {
    for (const Claim& other : claims.own()) {
      if (isDone()) return;
      ++read_;
      if (other.service != than_) names_.insert(other.service->metadata.key());
    }
    for (const ClaimSet* part : claims.parts()) {
      if (isDone()) return;
      read(*part);
    }
  }
  bool isDone() const { return names_.size() == kNamesShown || read_ == kClaimsRead; }

  const VirtualService* than_;
  std::set<std::string> names_;
  size_t read_ = 0;
};

/// "shop/one, shop/two and others".
std::string othersThan(const Claim& claim, const ClaimSet& claims) {
  const OtherNames names(claim.service, claims);
  const bool all = claims.size() <= kNamesShown + 1;
  return fmt::format("{}{}", fmt::join(names.get(), ", "), all ? "" : " and others");
}

class Conflicts {
 public:
  Conflicts(Report& report) : report_(report) {}

  /// Reports each VirtualService of `claims` once, unless there is only one.
  void among(const ClaimSet& claims) {
    if (claims.areOfSeveral()) reportAll(claims, claims);
  }

 private:
  void reportAll(const ClaimSet& part, const ClaimSet& claims) {
    if (!done_.insert(&part).second) return;
    for (const Claim& claim : part.own())
      if (reported_.insert(claim.service).second) add(claim, claims);
    for (const ClaimSet* inner : part.parts()) reportAll(*inner, claims);
  }

  void add(const Claim& claim, const ClaimSet& claims) {
    const source::FieldPath hosts = source::FieldPath("spec") / "hosts";
    report_.add({code::kIstioHostConflict, subjectOf(*claim.service), hosts,
                 fmt::format("host \"{}\" is also that of VirtualService {}",
                             claim.service->hosts[claim.host], othersThan(claim, claims)),
                 fmt::format("merge them into one: only the oldest takes effect in the mesh, {}",
                             claims.oldest().metadata.key()),
                 hosts[claim.host]});
  }

  Report& report_;
  std::set<const VirtualService*> reported_;
  std::set<const ClaimSet*> done_;  ///< all of whose claims are reported
};

}  // namespace

void checkHostConflicts(const Mesh& mesh, Report& report) {
  PublicClaims everybody;
  std::map<std::pair<std::string, std::string>, ClaimSet> limited;  // by scope and host
  for (const VirtualService* service : mesh.virtualServices()) {
    if (!isForMesh(*service)) continue;
    const auto scopes = scopesOf(*service, mesh.settings());
    for (size_t i = 0; i < service->hosts.size(); ++i) {
      const auto host = mesh.fullHost(service->hosts[i], service->metadata.namespace_);
      for (const std::string& scope : scopes) {
        if (scope == "*")
          everybody.add(host, {service, i});
        else
          limited[{scope, host}].add(Claim{service, i});
      }
    }
  }
  Conflicts conflicts(report);
  for (const auto& [host, claims] : everybody.byHost()) conflicts.among(claims);
  for (auto& [key, claims] : limited) {
    claims.add(everybody.overlapping(key.second));
    conflicts.among(claims);
  }
}

}  // namespace sluice::analysis
