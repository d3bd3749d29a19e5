// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/virtual_services.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "userspace/routing/age.h"
#include "userspace/routing/snapshot_changes.h"

namespace sluice::routing {
namespace {

bool isWildcard(const std::string& host) { return host.starts_with('*'); }

Visibility visibilityOf(const MeshVirtualService& service, const std::string& client_namespace) {
  return visibilityFor(*service.export_to, service.resource->metadata.namespace_, client_namespace);
}

/// Adds those of `services` that the client sees and that are not in the list already: it got
/// there by a more specific host.
void addVisible(const std::vector<const MeshVirtualService*>& services, const std::string& pattern,
                const std::string& client_namespace, std::vector<Candidate>& candidates) {
  const auto first_new = candidates.size();
  std::unordered_set<const MeshVirtualService*> known;
  for (const auto& candidate : candidates) known.insert(candidate.service);
  for (const auto* service : services) {
    const Candidate candidate{service, pattern, visibilityOf(*service, client_namespace)};
    if (candidate.visibility != Visibility::kHidden && !known.contains(service))
      candidates.push_back(candidate);
  }
  std::sort(candidates.begin() + static_cast<std::ptrdiff_t>(first_new), candidates.end(),
            comesBefore);
}

}  // namespace

bool appliesInMesh(const VirtualService& service) {
  const auto& gateways = service.gateways;
  return gateways.empty() || std::find(gateways.begin(), gateways.end(), "mesh") != gateways.end();
}

bool comesBefore(const Candidate& a, const Candidate& b) {
  if (a.visibility != b.visibility) return a.visibility < b.visibility;
  return isOlder(a.service->resource->metadata, b.service->resource->metadata);
}

VirtualServices::VirtualServices(const Snapshot& snapshot, const AgentSettings& agent)
    : agent_(agent) {
  update({}, snapshot);
}

VirtualServices::Changes VirtualServices::update(const Snapshot& before, const Snapshot& after) {
  Changes changes;
  const auto note_hosts = [&](const std::string& name) {
    if (const auto* service = find(name))
      changes.hosts.insert(service->hosts.begin(), service->hosts.end());
  };
  const auto resources = changesOf(before.virtual_services, after.virtual_services);
  for (const auto& resource : resources.removed) {
    note_hosts(resource->metadata.key());
    remove(*resource, changes.names);
  }
  for (const auto& resource : resources.added) add(resource, changes.names);
  for (const auto& name : changes.names) {
    prepareAgain(name);
    note_hosts(name);
  }
  return changes;
}

void VirtualServices::remove(const VirtualService& resource, Names& touched) {
  const auto name = resource.metadata.key();
  if (resource.hosts.empty()) {
    delegates_.erase(name);
    return touchRoots(name, touched);
  }
  const auto root = roots_.find(name);
  if (root == roots_.end()) return;
  forget(*root->second);
  roots_.erase(root);
  touched.insert(name);
}

void VirtualServices::add(const std::shared_ptr<const VirtualService>& resource, Names& touched) {
  const auto name = resource->metadata.key();
  if (resource->hosts.empty()) {
    delegates_[name] = resource;
    return touchRoots(name, touched);
  }
  if (!appliesInMesh(*resource)) return;
  auto root = std::make_unique<MeshVirtualService>();
  root->resource = resource;
  roots_[name] = std::move(root);
  touched.insert(name);
}

void VirtualServices::touchRoots(const std::string& delegate, Names& touched) const {
  if (const auto roots = delegators_.find(delegate); roots != delegators_.end())
    touched.insert(roots->second.begin(), roots->second.end());
}

/// Unless it has gone.
void VirtualServices::prepareAgain(const std::string& name) {
  const auto root = roots_.find(name);
  if (root == roots_.end()) return;
  forget(*root->second);
  prepare(*root->second);
  index(*root->second);
}

void VirtualServices::prepare(MeshVirtualService& service) {
  const auto& resource = service.resource;
  service.hosts.clear();
  for (const auto& host : resource->hosts)
    service.hosts.push_back(fullHost(host, resource->metadata.namespace_, agent_.cluster_domain));
  service.delegates.clear();
  auto delegated = delegatedRules(
      resource,
      [&](const auto& key, const auto& root, auto& why) {
        service.delegates.insert(key);
        return findDelegate(key, root, why);
      },
      agent_.cluster_domain);
  service.http = std::move(delegated.rules);
  service.dropped = std::move(delegated.dropped);
  service.export_to = &exportedTo(resource->export_to, agent_.default_virtual_service_export_to);
}

const MeshVirtualService* VirtualServices::find(const std::string& name) const {
  const auto root = roots_.find(name);
  return root == roots_.end() ? nullptr : root->second.get();
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

VirtualServices::List& VirtualServices::namingExactly(const std::string& host) {
  return isWildcard(host) ? wildcards_[host.substr(1)] : exact_[host];
}

const VirtualServices::List& VirtualServices::namingExactly(const std::string& host) const {
  return isWildcard(host) ? wildcards_.at(host.substr(1)) : exact_.at(host);
}

void VirtualServices::index(const MeshVirtualService& service) {
  for (const auto& host : service.hosts) {
    auto& list = namingExactly(host);
    if (std::ranges::find(list, &service) == list.end()) list.push_back(&service);
    hosts_.insert(host);
  }
  for (const auto& delegate : service.delegates)
    delegators_[delegate].insert(service.resource->metadata.key());
}

void VirtualServices::forget(const MeshVirtualService& service) {
  for (const auto& host : service.hosts) {
    auto& list = namingExactly(host);
    std::erase(list, &service);
    if (!list.empty()) continue;
    hosts_.erase(host);
    if (isWildcard(host))
      wildcards_.erase(host.substr(1));
    else
      exact_.erase(host);
  }
  for (const auto& delegate : service.delegates) {
    auto& roots = delegators_[delegate];
    roots.erase(service.resource->metadata.key());
    if (roots.empty()) delegators_.erase(delegate);
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

std::vector<Candidate> VirtualServices::overlapping(const std::string& wildcard,
                                                    const std::string& client_namespace) const {
  auto candidates = naming(wildcard, client_namespace);
  std::unordered_set<const MeshVirtualService*> known;
  for (const auto& candidate : candidates) known.insert(candidate.service);
  hosts_.forEachBelow(wildcard, [&](const std::string& host) {
    for (const auto* service : namingExactly(host)) {
      const auto visibility = visibilityOf(*service, client_namespace);
      if (visibility != Visibility::kHidden && known.insert(service).second)
        candidates.push_back({service, host, visibility});
    }
  });
  std::ranges::sort(candidates, comesBefore);
  return candidates;
}

}  // namespace sluice::routing
