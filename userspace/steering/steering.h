// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/clock.h"
#include "userspace/model/data_plane.h"
#include "userspace/model/ids.h"
#include "userspace/routing/route_table.h"
#include "userspace/steering/contents.h"
#include "userspace/steering/plan.h"
#include "userspace/steering/uses.h"

namespace sluice::steering {

struct Options {
  /// How long what nothing uses any more stays: no program on any CPU, and no request that the
  /// proxy began before, may still hold it.
  Duration grace = std::chrono::seconds(60);
  /// Ids and slots that there may be, where the tables have room for them.
  IdBook::Limits ids = {SLUICE_MAX_SERVICES, SLUICE_MAX_BINDINGS - 1, SLUICE_MAX_CLUSTERS - 1,
                        SLUICE_MAX_ENDPOINTS - 1, SLUICE_MAX_ROUTES - 1};
  uint32_t slots = SLUICE_MAX_SLOTS;
};

/// What the kernel's tables hold, brought to what a Routing says:
///
///   stage(routing)       everything that no connection can see yet: names to routes, bottom-up.
///                        A service whose routes are the objects that they were costs nothing.
///   (the proxy gets its configuration, made with placement() and its likes)
///   publish()            bindings flip, each with one store; services and exceptions follow
///   (workloads get their classes with setWorkload())
///   retire()             from time to time: frees what has been unused for the grace period
///
/// Used from one thread. Borrows the data plane and the clock.
class Steering {
 public:
  /// Takes over what the tables hold, so that ids and counters keep their names.
  static Result<std::unique_ptr<Steering>> create(DataPlane& data_plane, const Clock& clock,
                                                  Options options = {});

  /// Answers the services that did not fit; they keep what they have. An error of the data plane
  /// leaves everything that is published as it was; stage() may be called again. Services of which
  /// a cluster's `health` has changed are planned anew, too.
  Result<std::vector<Refusal>> stage(const routing::Routing& routing,
                                     const routing::Health& health = {});

  /// Makes visible what was staged last. After an error it may be called again.
  Result<void> publish();

  /// Numbers of what was staged last. None for services that were refused or are unknown.
  /// A class without a route of its own has the placement of class 0.
  std::optional<Placement> placement(const routing::ServiceKey& service, ClientClass client_class,
                                     routing::Family family) const;
  /// 0 where no route uses the cluster on that family.
  ClusterId clusterId(const routing::Cluster& cluster, routing::Family family) const;
  EndpointId endpointId(const SocketAddress& address) const;
  /// Of `cluster_slots`, that the kernel's programs draw from for the cluster; 0: see clusterId().
  uint32_t slotCount(ClusterId cluster) const;

  /// Frees what has not been used for the grace period and has no connection any more.
  Result<void> retire();

  /// Marks the endpoints of pods that nothing leads to any more, that still have connections of the
  /// connect path, and that do not exist. Whether there are any, marked now or before. An endpoint
  /// that comes back loses the mark before anything leads to it.
  Result<bool> markGone(const std::function<bool(const IpAddress&)>& exists);

  /// Whether, since it was last asked, a binding has come to name another route or a workload
  /// another class; the first time always: what an earlier agent left undone is not known.
  bool takeRerouted() { return std::exchange(rerouted_, false); }

  /// Written only when it differs.
  Result<void> setWorkload(WorkloadId id, const workload& record);
  /// Does nothing when there is no record.
  Result<void> removeWorkload(WorkloadId id);
  /// Removes the records of all others.
  Result<void> keepWorkloads(std::span<const WorkloadId> ids);

  const IdBook& ids() const { return book_; }

  /// Elements of a table that are in use or in their grace period; nothing for a table whose
  /// elements are not steering's.
  std::optional<uint32_t> used(Table table) const;

 private:
  Steering(DataPlane& data_plane, const Clock& clock, const Options& options);
  Result<void> recover();
  Result<void> forgetRequests();
  Result<void> reserveRanges();
  void recoverServices();
  void retireLeftovers();

  Result<void> writeNames();
  Result<void> writeClusters();
  Result<void> writeRoutes();
  void forgetRoutes();
  void discardPlan();
  void takePlan(const routing::Routing& routing, const routing::Health& health);
  void setPlanned(const std::string& name, const std::shared_ptr<const ServicePlan>& service);
  void countClusters(const ServicePlan& service, bool used);
  void claimKeys(const std::string& name, const ServicePlan* service);

  /// What the services that differ from what is published want.
  struct Wanted {
    std::map<service_key, std::optional<service>, ServiceKeyLess> services;  ///< none: nobody's
    ExceptionEntries exceptions;
    std::map<uint32_t, binding> bindings;
  };
  Wanted wanted() const;
  void wantBindings(const ServicePlan& service, Wanted& wanted) const;
  binding bindingTo(uint32_t route) const;
  std::optional<service> ownerOf(const service_key& key) const;
  Result<void> removeServices(const Wanted& wanted);
  Result<void> writeBindings(const Wanted& wanted, bool in_use);
  Result<void> writeExceptions(const Wanted& wanted);
  Result<void> addServices(const Wanted& wanted);
  void settle();
  void holdService(const ServicePlan& service);
  void dropService(const ServicePlan& service);
  void retireUnused();

  Result<bool> isHeld(name_kind kind, uint32_t id, TimePoint retired) const;
  Result<void> freeIds(name_kind kind);
  Result<void> clear(name_kind kind, uint32_t id);
  Result<void> clearBinding(uint32_t id);
  Result<void> clearCluster(uint32_t id);
  Result<void> clearEndpoint(uint32_t id);
  Result<void> clearRoute(uint32_t id);
  void releaseOldRanges(TimePoint then);

  /// Slots of a cluster's earlier members.
  struct OldRange {
    uint32_t first;
    uint32_t count;
    TimePoint since;
  };

  DataPlane& data_plane_;
  const Clock& clock_;
  Options options_;
  IdBook book_;
  RangeAllocator route_slots_;
  RangeAllocator cluster_slots_;
  Contents contents_;
  std::map<uint32_t, std::string> definitions_;
  Uses uses_{contents_};
  std::vector<OldRange> old_ranges_;
  std::map<uint64_t, workload> workloads_;

  ServicePlans published_;
  ServicePlans planned_;                         ///< what was staged last
  size_t planned_keys_ = 0;                      ///< of all of them together
  std::optional<PlannedRoutes> planned_routes_;  ///< nothing: not made from routes of this process
  routing::Health health_;                       ///< that was planned for
  std::set<routing::ServiceKey> refused_;        ///< when they were planned last
  std::set<std::string> dirty_;                  ///< names whose plan is not published yet
  std::set<service_key, ServiceKeyLess> dirty_keys_;
  /// Names of the planned services that want a key; the last one gets it.
  std::map<service_key, std::set<std::string>, ServiceKeyLess> claims_;
  /// Of the planned services: id, and how many use it.
  std::map<std::pair<const routing::Cluster*, routing::Family>, std::pair<uint32_t, uint32_t>>
      cluster_ids_;
  std::set<uint32_t> classes_;
  std::optional<AgentSettings::FailPolicy> fail_policy_;
  std::vector<name_key> acquired_;  ///< since the last publish()
  Plan plan_;
  bool staged_ = false;
  bool rerouted_ = true;
};

}  // namespace sluice::steering
