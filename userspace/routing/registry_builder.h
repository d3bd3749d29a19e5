// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/kubernetes_services.h"
#include "userspace/routing/pod_index.h"
#include "userspace/routing/registry.h"
#include "userspace/routing/service_entries.h"
#include "userspace/routing/snapshot_changes.h"

namespace sluice::routing {

/// What a Registry is made of: the resources, sorted by the service that they belong to, so that a
/// change finds the services that it concerns.
class RegistryBuilder {
 public:
  /// Takes the changes over into `hosts`; returns the hosts whose services are others now.
  std::set<std::string> update(const Snapshot& before, const Snapshot& after,
                               Registry::Hosts& hosts);

  const PodIndex& pods() const { return pods_; }

 private:
  /// ServiceEntries of one namespace that name one host, and what was made of them.
  struct EntryGroup {
    Snapshot::Selection<ServiceEntry> entries;  ///< the oldest first
    Registry::Candidates services;
  };
  using GroupKey = std::pair<std::string, std::string>;  ///< host, namespace

  void take(const ListChanges<Namespace>& changes);
  void take(const ListChanges<Service>& changes);
  void take(const ListChanges<EndpointSlice>& changes);
  void take(const ListChanges<Endpoints>& changes);
  void take(const ListChanges<ServiceEntry>& changes);
  void touchSelectors(const ListChanges<Pod>& pods, const ListChanges<WorkloadEntry>& entries,
                      bool everywhere);
  void touchAll();

  ServiceRecord& touch(const std::string& key);
  EntryGroup& touch(const std::string& host, const std::string& in);
  ServiceDefaults defaultsOf(const std::string& in, const AgentSettings& settings) const;
  void rebuild(const Snapshot& after);
  void rebuild(ServiceRecord& record, const AgentSettings& settings);
  std::map<std::string, SelectableWorkloads> selectable(const Snapshot& after) const;
  std::set<std::string> publish(Registry::Hosts& hosts);
  Registry::Candidates candidatesOf(const std::string& host) const;

  PodIndex pods_;
  std::unordered_map<std::string, ServiceRecord> services_;  ///< by "namespace/name"
  std::map<GroupKey, EntryGroup> entries_;
  std::unordered_map<std::string, const ServiceRecord*> by_host_;
  std::unordered_map<std::string, TrafficDistribution> distributions_;  ///< of namespaces

  // What the update at hand has to make anew.
  PodIndex::Services touched_services_;
  std::set<GroupKey> touched_entries_;
  std::set<std::string> touched_hosts_;
};

}  // namespace sluice::routing
