// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "userspace/model/label_pool.h"
#include "userspace/model/resources.h"
#include "userspace/routing/registry_service.h"
#include "userspace/routing/snapshot_changes.h"

namespace sluice::routing {

struct ServiceRecord;

/// Pods with what their nodes say of where they run, and which services have asked for them: a
/// service must be described anew when a pod that it names appears, changes or goes.
class PodIndex {
 public:
  using OriginRef = std::shared_ptr<const EndpointOrigin>;
  using Services = std::set<ServiceRecord*>;

  /// A pod, or an address of pods, that was asked for; also when there is none. Stays where it is
  /// as long as somebody needs it.
  struct PodEntry {
    const std::string* key = nullptr;  ///< "shop/catalog-v1-a"; as long as the entry
    std::shared_ptr<const Pod> pod;
    OriginRef origin;
    std::vector<ServiceRecord*> users;
  };
  struct AddressEntry {
    IpAddress ip;
    std::vector<PodEntry*> pods;
    std::vector<ServiceRecord*> users;
  };
  struct Needs {
    std::vector<PodEntry*> pods;
    std::vector<AddressEntry*> addresses;
  };

  /// Add the services that are concerned to `touched`. Nodes first.
  void update(const ListChanges<Node>& changes, Services& touched);
  void update(const ListChanges<Pod>& changes, Services& touched);

  /// Null when there is no such pod. What was asked for is added to `needs`.
  OriginRef find(const std::string& key, Needs& needs);

  /// The pod of the namespace `in` that alone has the address `ip`; null when there is none or
  /// several. Pods of the host's network share its address, so they are never meant.
  OriginRef findByAddress(const IpAddress& ip, std::string_view in, Needs& needs);

  /// Remembers that `service` needs `now` and no longer `before`.
  void depend(ServiceRecord* service, const Needs& before, const Needs& now);

  OriginRef find(const std::string& key) const;
  const Node* node(const std::string& name) const;

 private:
  using Origins = std::unordered_map<PodEntry*, OriginRef>;

  PodEntry& entryOf(const std::string& key);
  AddressEntry& entryOf(const IpAddress& ip);
  void add(const std::shared_ptr<const Pod>& pod, Origins& before, Services& touched);
  void remove(const Pod& pod, Origins& before, Services& touched);
  void place(PodEntry& entry, Origins& before);
  OriginRef originOf(const Pod& pod);
  void settle(const Origins& before, Services& touched);
  void eraseUnused(PodEntry& entry);
  void eraseUnused(AddressEntry& entry);

  struct AddressHash {
    size_t operator()(const IpAddress& ip) const;
  };
  std::unordered_map<std::string, std::shared_ptr<const Node>> nodes_;
  std::unordered_map<std::string, PodEntry> pods_;
  LabelPool label_pool_;
  std::unordered_map<IpAddress, AddressEntry, AddressHash> addresses_;
};

}  // namespace sluice::routing
