// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/virtual_services.h"

#include <algorithm>
#include <tuple>

#include "userspace/routing/age.h"

namespace sluice::routing {
namespace {

bool appliesInMesh(const VirtualService& service) {
  const auto& gateways = service.gateways;
  return gateways.empty() || std::find(gateways.begin(), gateways.end(), "mesh") != gateways.end();
}

bool isWildcard(const std::string& host) { return host.starts_with('*'); }

Visibility visibilityOf(const MeshVirtualService& service, const std::string& client_namespace) {
  return visibilityFor(*service.export_to, service.resource->metadata.namespace_, client_namespace);
}

/// Adds those of `services` that the client sees and that are not in the list already: it got
/// there by a more specific host.
void addVisible(const std::vector<const MeshVirtualService*>& services, const std::string& pattern,
                const std::string& client_namespace, std::vector<Candidate>& candidates) {
  const auto first_new = candidates.size();
  for (const auto* service : services) {
    const Candidate candidate{service, pattern, visibilityOf(*service, client_namespace)};
    const bool known = std::any_of(candidates.begin(), candidates.end(),
                                   [&](const auto& c) { return c.service == service; });
    if (candidate.visibility != Visibility::kHidden && !known) candidates.push_back(candidate);
  }
  std::sort(candidates.begin() + static_cast<std::ptrdiff_t>(first_new), candidates.end(),
            comesBefore);
}

}  // namespace

bool comesBefore(const Candidate& a, const Candidate& b) {
  return std::tuple(a.visibility, a.service->age_rank) <
         std::tuple(b.visibility, b.service->age_rank);
}

VirtualServices::VirtualServices(const Snapshot& snapshot) : agent_(snapshot.agent) {
  std::vector<std::shared_ptr<const VirtualService>> by_age;
  for (const auto& service : snapshot.virtual_services) {
    if (service->hosts.empty())
      delegates_.emplace(service->metadata.key(), service);
    else if (appliesInMesh(*service))
      by_age.push_back(service);
  }
  std::sort(by_age.begin(), by_age.end(),
            [](const auto& a, const auto& b) { return isOlder(a->metadata, b->metadata); });
  for (const auto& resource : by_age) {
    by_age_.push_back(std::make_unique<const MeshVirtualService>(prepare(resource)));
    index(*by_age_.back());
  }
}

MeshVirtualService VirtualServices::prepare(
    const std::shared_ptr<const VirtualService>& resource) const {
  MeshVirtualService service;
  service.resource = resource;
  for (const auto& host : resource->hosts)
    service.hosts.push_back(fullHost(host, resource->metadata.namespace_, agent_.cluster_domain));
  auto delegated = delegatedRules(
      resource,
      [this](const auto& key, const auto& root, auto& why) { return findDelegate(key, root, why); },
      agent_.cluster_domain);
  service.http = std::move(delegated.rules);
  service.dropped = std::move(delegated.dropped);
  service.export_to = &exportedTo(resource->export_to, agent_.default_virtual_service_export_to);
  service.age_rank = by_age_.size();
  return service;
}

std::shared_ptr<const VirtualService> VirtualServices::findDelegate(
    const std::string& key, const std::string& root_namespace, std::string& why) const {
  const auto found = delegates_.find(key);
  if (found == delegates_.end()) {
    why = "there is no VirtualService " + key + " without hosts to delegate to";
    return nullptr;
  }
  const auto& leaf = *found->second;
  const auto& export_to = exportedTo(leaf.export_to, agent_.default_virtual_service_export_to);
  if (visibilityFor(export_to, leaf.metadata.namespace_, root_namespace) != Visibility::kHidden)
    return found->second;
  why = "VirtualService " + key + " is not exported to namespace " + root_namespace;
  return nullptr;
}

void VirtualServices::index(const MeshVirtualService& service) {
  for (const auto& host : service.hosts) {
    auto& list = isWildcard(host) ? wildcards_[host.substr(1)] : exact_[host];
    if (list.empty() || list.back() != &service) list.push_back(&service);
  }
}

std::vector<Candidate> VirtualServices::naming(const std::string& host,
                                               const std::string& client_namespace) const {
  std::vector<Candidate> candidates;
  if (const auto found = exact_.find(host); found != exact_.end())
    addVisible(found->second, host, client_namespace, candidates);
  if (wildcards_.empty()) return candidates;
  // "*.foo.com" covers "a.foo.com", not "foo.com": the star stands for at least one character. The
  // star of a wildcard service counts as one.
  for (size_t from = 1; from <= host.size(); ++from) {
    const auto found = wildcards_.find(host.substr(from));
    if (found != wildcards_.end())
      addVisible(found->second, "*" + found->first, client_namespace, candidates);
  }
  return candidates;
}

std::vector<const MeshVirtualService*> VirtualServices::visibleTo(
    const std::string& client_namespace) const {
  std::vector<Candidate> visible;
  for (const auto& service : by_age_)
    if (const auto visibility = visibilityOf(*service, client_namespace);
        visibility != Visibility::kHidden)
      visible.push_back({service.get(), {}, visibility});
  std::sort(visible.begin(), visible.end(), comesBefore);
  std::vector<const MeshVirtualService*> result;
  for (const auto& candidate : visible) result.push_back(candidate.service);
  return result;
}

}  // namespace sluice::routing
