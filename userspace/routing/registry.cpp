// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/registry.h"

#include "userspace/routing/names.h"
#include "userspace/routing/registry_builder.h"
#include "userspace/routing/topology.h"

namespace sluice::routing {

Registry::Registry(const Snapshot& snapshot) : builder_(std::make_unique<RegistryBuilder>()) {
  Snapshot nothing;
  nothing.agent = snapshot.agent;
  update(nothing, snapshot);
}

Registry::~Registry() = default;

std::set<std::string> Registry::update(const Snapshot& before, const Snapshot& after) {
  auto changed = builder_->update(before, after, hosts_);
  for (const auto& host : changed) {
    if (hosts_.contains(host))
      by_ending_.insert(host);
    else
      by_ending_.erase(host);
  }
  return changed;
}

const RegistryService* Registry::find(std::string_view host,
                                      std::string_view client_namespace) const {
  const auto at = hosts_.find(host);
  if (at == hosts_.end()) return nullptr;
  const RegistryService* best = nullptr;
  auto best_visibility = Visibility::kHidden;
  for (const auto& service : at->second) {
    const auto visibility =
        visibilityFor(service->export_to, service->namespace_, client_namespace);
    if (visibility == Visibility::kHidden) continue;
    if (service->source == RegistryService::Source::kService) return service.get();
    if (best && visibility >= best_visibility) continue;
    best = service.get();
    best_visibility = visibility;
  }
  return best;
}

const RegistryService* Registry::find(std::string_view host) const {
  const auto at = hosts_.find(host);
  return at == hosts_.end() ? nullptr : at->second.front().get();
}

std::shared_ptr<const EndpointOrigin> Registry::pod(const std::string& key) const {
  return builder_->pods().find(key);
}

Labels Registry::nodeLabels(const std::string& name) const {
  const auto* node = builder_->pods().node(name);
  return placeLabels(node ? localityOf(node->metadata.labels) : "", name, "");
}

}  // namespace sluice::routing
