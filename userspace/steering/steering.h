// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "userspace/base/clock.h"
#include "userspace/model/data_plane.h"
#include "userspace/model/ids.h"
#include "userspace/routing/route_table.h"
#include "userspace/steering/contents.h"
#include "userspace/steering/plan.h"

namespace sluice::steering {

struct Options {
  /// How long what nothing uses any more stays: no program on any CPU, and no request that the
  /// proxy began before, may still hold it.
  Duration grace = std::chrono::seconds(60);
  /// Ids and slots that there are; tests lower them.
  IdBook::Limits ids = {SLUICE_MAX_SERVICES, SLUICE_MAX_BINDINGS - 1, SLUICE_MAX_CLUSTERS - 1,
                        SLUICE_MAX_ENDPOINTS - 1, SLUICE_MAX_ROUTES - 1};
  uint32_t slots = SLUICE_MAX_SLOTS;
};

/// What the kernel's tables hold, brought to what a Routing says:
///
///   stage(routing)       everything that no connection can see yet: names to routes, bottom-up
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
  /// leaves everything that is published as it was; stage() may be called again.
  /// `routing` must live until the last placement of its clusters has been asked for.
  Result<std::vector<Refusal>> stage(const routing::Routing& routing);

  /// Makes visible what was staged last. After an error it may be called again.
  Result<void> publish();

  /// Numbers of what was staged last. None for services that were refused or are unknown.
  /// A class without a route of its own has the placement of class 0.
  std::optional<Placement> placement(const routing::ServiceKey& service, ClientClass client_class,
                                     routing::Family family) const;
  /// 0 where no route uses the cluster on that family.
  ClusterId clusterId(const routing::Cluster& cluster, routing::Family family) const;
  EndpointId endpointId(const SocketAddress& address) const;

  /// Frees what has not been used for the grace period and has no connection any more.
  Result<void> retire();

  /// Written only when it differs.
  Result<void> setWorkload(WorkloadId id, const workload& record);
  /// Does nothing when there is no record.
  Result<void> removeWorkload(WorkloadId id);
  /// Removes the records of all others.
  Result<void> keepWorkloads(std::span<const WorkloadId> ids);

  const IdBook& ids() const { return book_; }

 private:
  Steering(DataPlane& data_plane, const Clock& clock, const Options& options);
  Result<void> recover();
  Result<void> reserveRanges();
  void recoverServices();

  Result<void> writeNames();
  Result<void> writeClusters();
  Result<void> writeRoutes();
  void discardPlan();

  Result<void> removeServices(const ServiceEntries& wanted);
  Result<void> writeBindings(const std::map<uint32_t, binding>& wanted, bool in_use);
  Result<void> writeExceptions(const ExceptionEntries& wanted);
  Result<void> addServices(const ServiceEntries& wanted);
  std::map<uint32_t, binding> wantedBindings(const ExceptionEntries& wanted) const;
  void retireUnused(const ServiceEntries& services, const ExceptionEntries& exceptions);

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
  std::map<std::string, ServicePlan> published_;
  std::vector<OldRange> old_ranges_;
  std::map<uint64_t, workload> workloads_;
  Plan plan_;
  bool planned_ = false;
};

}  // namespace sluice::steering
