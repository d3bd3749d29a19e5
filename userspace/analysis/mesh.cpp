// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/mesh.h"

#include <algorithm>
#include <utility>

#include "userspace/routing/names.h"
#include "userspace/routing/resolve.h"

namespace sluice::analysis {
namespace {

template <typename T>
std::vector<const T*> gather(const std::vector<const Snapshot*>& snapshots,
                             Snapshot::List<T> Snapshot::* list) {
  std::vector<const T*> all;
  for (const Snapshot* snapshot : snapshots) {
    for (const auto& resource : snapshot->*list) all.push_back(resource.get());
  }
  return all;
}

AgentSettings settingsOf(const Input& input) {
  AgentSettings settings = input.snapshot->agent;
  const MeshConfig& mesh = input.mesh_config;
  if (!mesh.root_namespace.empty()) settings.root_namespace = mesh.root_namespace;
  const auto take = [](std::vector<std::string>& setting, const std::vector<std::string>& said) {
    if (!said.empty()) setting = said;
  };
  take(settings.default_service_export_to, mesh.default_service_export_to);
  take(settings.default_virtual_service_export_to, mesh.default_virtual_service_export_to);
  take(settings.default_destination_rule_export_to, mesh.default_destination_rule_export_to);
  return settings;
}

}  // namespace

Mesh::Mesh(Input input) : input_(std::move(input)), settings_(settingsOf(input_)) {
  std::vector<const Snapshot*> snapshots = {input_.snapshot.get()};
  if (input_.refused) snapshots.push_back(input_.refused.get());
  virtual_services_ = gather(snapshots, &Snapshot::virtual_services);
  destination_rules_ = gather(snapshots, &Snapshot::destination_rules);
  service_entries_ = gather(snapshots, &Snapshot::service_entries);
  services_ = gather(snapshots, &Snapshot::services);
  sidecars_ = gather(snapshots, &Snapshot::sidecars);
  deployments_ = gather(snapshots, &Snapshot::deployments);
  for (const Namespace* one : gather(snapshots, &Snapshot::namespaces)) {
    namespaces_.emplace(one->metadata.name, one);
  }
  routing_ = routing::resolve(*input_.snapshot);
  hosts_ = std::make_unique<const Hosts>(services_, service_entries_, settings_);
  workloads_ = std::make_unique<const WorkloadLabels>(snapshots);
}

const Namespace* Mesh::findNamespace(const std::string& name) const {
  const auto found = namespaces_.find(name);
  return found == namespaces_.end() ? nullptr : found->second;
}

std::string Mesh::fullHost(const std::string& host, const std::string& rule_namespace) const {
  return routing::fullHost(host, rule_namespace, settings_.cluster_domain);
}

bool isForMesh(const VirtualService& service) {
  return service.gateways.empty() || std::ranges::count(service.gateways, "mesh") > 0;
}

}  // namespace sluice::analysis
