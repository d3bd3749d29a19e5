// SPDX-License-Identifier: Apache-2.0
// Istio: virtualservice.ConflictingMeshGatewayHostsAnalyzer. Rules that are exported to the same
// namespaces conflict when they name the same host; one that is private to some namespaces also
// conflicts with a public one whose host covers its own, or the other way round.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "userspace/analysis/checks.h"
#include "userspace/routing/destination_rules.h"

namespace sluice::analysis {
namespace {

constexpr size_t kNamesShown = 5;

/// A VirtualService and which of its hosts it is about.
struct Claim {
  const VirtualService* service;
  size_t host;
};
using Claims = std::vector<Claim>;

std::string backwards(std::string_view text) { return {text.rbegin(), text.rend()}; }

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
    by_host_[host].push_back(claim);
    backwards_.insert(backwards(host));
  }
  const std::map<std::string, Claims>& byHost() const { return by_host_; }

  /// Claims of hosts that cover `host` or are covered by it.
  Claims overlapping(const std::string& host) const {
    Claims found;
    append(host, found);
    for (size_t i = 1; i <= host.size(); ++i) {
      const std::string wildcard = "*" + host.substr(i);
      if (wildcard != host) append(wildcard, found);
    }
    if (host.starts_with('*')) appendCovered(host, found);
    return found;
  }

 private:
  void append(const std::string& host, Claims& found) const {
    const auto claims = by_host_.find(host);
    if (claims == by_host_.end()) return;
    found.insert(found.end(), claims->second.begin(), claims->second.end());
  }
  void appendCovered(const std::string& wildcard, Claims& found) const {
    const std::string beginning = backwards(wildcard.substr(1));
    for (auto it = backwards_.lower_bound(beginning);
         it != backwards_.end() && it->starts_with(beginning); ++it) {
      if (const std::string host = backwards(*it); host != wildcard) append(host, found);
    }
  }

  std::map<std::string, Claims> by_host_;
  std::set<std::string> backwards_;  ///< the same hosts
};

/// "shop/one, shop/two and others".
std::string othersThan(const Claim& claim, const Claims& claims) {
  std::set<std::string> names;
  for (const Claim& other : claims) {
    if (names.size() == kNamesShown) break;
    if (other.service != claim.service) names.insert(other.service->metadata.key());
  }
  const bool all = claims.size() <= kNamesShown + 1;
  return fmt::format("{}{}", fmt::join(names, ", "), all ? "" : " and others");
}

class Conflicts {
 public:
  Conflicts(Report& report) : report_(report) {}

  /// Reports each VirtualService of `claims` once, unless there is only one.
  void among(const Claims& claims) {
    const auto* first = claims.front().service;
    if (std::ranges::all_of(claims, [&](const Claim& c) { return c.service == first; })) return;
    const auto& oldest = *std::ranges::min_element(claims, [](const Claim& a, const Claim& b) {
      return routing::isOlder(a.service->metadata, b.service->metadata);
    });
    for (const Claim& claim : claims) {
      if (reported_.insert(claim.service).second) add(claim, claims, oldest);
    }
  }

 private:
  void add(const Claim& claim, const Claims& claims, const Claim& oldest) {
    const source::FieldPath hosts = source::FieldPath("spec") / "hosts";
    report_.add({code::kIstioHostConflict, subjectOf(*claim.service), hosts,
                 fmt::format("host \"{}\" is also that of VirtualService {}",
                             claim.service->hosts[claim.host], othersThan(claim, claims)),
                 fmt::format("merge them into one: only the oldest takes effect in the mesh, {}",
                             oldest.service->metadata.key()),
                 hosts[claim.host]});
  }

  Report& report_;
  std::set<const VirtualService*> reported_;
};

}  // namespace

void checkHostConflicts(const Mesh& mesh, Report& report) {
  PublicClaims everybody;
  std::map<std::pair<std::string, std::string>, Claims> limited;  // by scope and host
  for (const VirtualService* service : mesh.virtualServices()) {
    if (!isForMesh(*service)) continue;
    const auto scopes = scopesOf(*service, mesh.settings());
    for (size_t i = 0; i < service->hosts.size(); ++i) {
      const auto host = mesh.fullHost(service->hosts[i], service->metadata.namespace_);
      for (const std::string& scope : scopes) {
        if (scope == "*")
          everybody.add(host, {service, i});
        else
          limited[{scope, host}].push_back({service, i});
      }
    }
  }
  Conflicts conflicts(report);
  for (const auto& [host, claims] : everybody.byHost()) conflicts.among(claims);
  for (auto& [key, claims] : limited) {
    const Claims more = everybody.overlapping(key.second);
    claims.insert(claims.end(), more.begin(), more.end());
    conflicts.among(claims);
  }
}

}  // namespace sluice::analysis
