// SPDX-License-Identifier: Apache-2.0
// What is analysed: everything that is known of a mesh, with the indices that keep the analyzers
// from comparing everything with everything.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "maps/abi/limits.h"
#include "userspace/analysis/hosts.h"
#include "userspace/analysis/workload_labels.h"
#include "userspace/model/gateway.h"
#include "userspace/model/resources.h"
#include "userspace/routing/route_table.h"

namespace sluice::analysis {

/// What the kernel's tables have room for.
struct TableSizes {
  size_t services = SLUICE_MAX_SERVICES;
  size_t routes = SLUICE_MAX_ROUTES;
  size_t clusters = SLUICE_MAX_CLUSTERS;
  size_t endpoints = SLUICE_MAX_ENDPOINTS;
  size_t cluster_slots = SLUICE_MAX_SLOTS;
};

struct Input {
  std::shared_ptr<const Snapshot> snapshot;  ///< what is in force; not null
  /// What could be read and is refused by validation. Istio's analyzers look at these, too: who
  /// corrects a rule wants to know at once that it refers to nothing. May be null.
  std::shared_ptr<const Snapshot> refused;
  std::vector<Gateway> gateways;
  std::vector<KubernetesGateway> kubernetes_gateways;
  std::vector<RequestAuthentication> request_authentications;
  MeshConfig mesh_config;
  TableSizes tables = {};
};

class Mesh {
 public:
  explicit Mesh(Input input);
  Mesh(const Mesh&) = delete;
  Mesh& operator=(const Mesh&) = delete;

  /// What is in force, for checks of what will happen.
  const Snapshot& inForce() const { return *input_.snapshot; }
  const Input& input() const { return input_; }
  /// Of the snapshot, with what the MeshConfig says in addition.
  const AgentSettings& settings() const { return settings_; }

  // Refused ones included.
  const std::vector<const VirtualService*>& virtualServices() const { return virtual_services_; }
  const std::vector<const DestinationRule*>& destinationRules() const { return destination_rules_; }
  const std::vector<const ServiceEntry*>& serviceEntries() const { return service_entries_; }
  const std::vector<const Service*>& services() const { return services_; }
  const std::vector<const Sidecar*>& sidecars() const { return sidecars_; }
  const std::vector<const Deployment*>& deployments() const { return deployments_; }
  /// By name; null when there is none.
  const Namespace* findNamespace(const std::string& name) const;

  /// What becomes of the rules that are in force.
  const routing::Routing& routing() const { return routing_; }

  const Hosts& hosts() const { return *hosts_; }
  const WorkloadLabels& workloads() const { return *workloads_; }

  /// What a rule in `rule_namespace` means by `host`.
  std::string fullHost(const std::string& host, const std::string& rule_namespace) const;

 private:
  Input input_;
  AgentSettings settings_;
  std::vector<const VirtualService*> virtual_services_;
  std::vector<const DestinationRule*> destination_rules_;
  std::vector<const ServiceEntry*> service_entries_;
  std::vector<const Service*> services_;
  std::vector<const Sidecar*> sidecars_;
  std::vector<const Deployment*> deployments_;
  std::unordered_map<std::string, const Namespace*> namespaces_;
  routing::Routing routing_;
  std::unique_ptr<const Hosts> hosts_;
  std::unique_ptr<const WorkloadLabels> workloads_;
};

/// Istio: of no gateway, or of `mesh`.
bool isForMesh(const VirtualService& service);

}  // namespace sluice::analysis
