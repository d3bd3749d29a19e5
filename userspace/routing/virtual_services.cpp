// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/virtual_services.h"

#include <algorithm>

#include "userspace/routing/destination_rules.h"
#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

bool appliesInMesh(const VirtualService& service) {
  const auto& gateways = service.gateways;
  return gateways.empty() || std::find(gateways.begin(), gateways.end(), "mesh") != gateways.end();
}

/// The most specific of `hosts` that covers `host`; null when none does.
const std::string* bestMatch(const std::vector<std::string>& hosts, const std::string& host) {
  const std::string* best = nullptr;
  for (const auto& pattern : hosts)
    if (hostMatches(pattern, host) && (!best || moreSpecific(pattern, *best))) best = &pattern;
  return best;
}

/// How well a VirtualService fits; of equals the older one is found first.
struct Candidate {
  const VirtualService* service = nullptr;
  const std::string* host = nullptr;
  Visibility visibility = Visibility::kHidden;

  bool beats(const Candidate& other) const {
    if (!other.service) return true;
    if (*host != *other.host) return moreSpecific(*host, *other.host);
    return visibility < other.visibility;
  }
};

}  // namespace

VirtualServices::VirtualServices(const Snapshot& snapshot) {
  for (const auto& service : snapshot.virtual_services) {
    if (!appliesInMesh(*service)) continue;
    Entry entry{service.get(), {}};
    for (const auto& host : service->hosts)
      entry.hosts.push_back(
          fullHost(host, service->metadata.namespace_, snapshot.agent.cluster_domain));
    by_age_.push_back(std::move(entry));
  }
  std::sort(by_age_.begin(), by_age_.end(), [](const Entry& a, const Entry& b) {
    return isOlder(a.service->metadata, b.service->metadata);
  });
}

const VirtualService* VirtualServices::find(const std::string& host,
                                            const std::string& client_namespace) const {
  Candidate best;
  for (const auto& entry : by_age_) {
    const auto& service = *entry.service;
    const Candidate candidate{
        &service, bestMatch(entry.hosts, host),
        visibilityFor(service.export_to, service.metadata.namespace_, client_namespace)};
    if (candidate.host && candidate.visibility != Visibility::kHidden && candidate.beats(best))
      best = candidate;
  }
  return best.service;
}

}  // namespace sluice::routing
