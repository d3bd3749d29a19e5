// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/agent/cluster_states.h"
#include "userspace/agent/fleet.h"
#include "userspace/base/reactor.h"
#include "userspace/resolve/named_servers.h"
#include "userspace/resolve/names.h"
#include "userspace/routing/admission.h"
#include "userspace/routing/hold_back.h"
#include "userspace/routing/resolver.h"
#include "userspace/steering/steering.h"

namespace sluice::agent {

/// Brings a Snapshot into force, one at a time, the newest next:
///
///   wait for new names -> admit -> hold back -> put addresses for names -> resolve ->
///   stage in the kernel's tables -> every worker goes by it -> publish -> applied
///
/// The proxy knows a route before the kernel sends anybody to it, and a revision is applied only
/// when no later connection and no later request can meet an older rule. What fails stays as it
/// was, is shown, and is tried again. Endpoints that are ejected, or let in again, are brought into
/// force the same way, with what was resolved last; so are files of certificates that have changed.
/// Names whose addresses have changed begin it anew, with the newest snapshot. Belongs to the
/// control thread.
class Rollout {
 public:
  static constexpr Duration kRetry = std::chrono::seconds(1);
  static constexpr Duration kRetirePeriod = std::chrono::seconds(5);

  struct Status {
    uint64_t revision = 0;  ///< that is in force
    std::optional<std::chrono::system_clock::time_point> last_success;
    std::optional<Error> problem;            ///< why the newest snapshot is not in force
    std::vector<steering::Refusal> refused;  ///< services that keep their last good route
    /// Resources that keep their last good version, or are left out.
    std::vector<routing::HeldBack> held;
    std::vector<tls::Unusable> unusable;  ///< policies of TLS by which nothing can be sent
  };

  /// Borrows all.
  Rollout(Reactor& reactor, DataPlane& data_plane, steering::Steering& steering, Fleet& fleet,
          resolve::DnsSettings dns = {});
  ~Rollout();
  Rollout(const Rollout&) = delete;
  Rollout& operator=(const Rollout&) = delete;

  void apply(std::shared_ptr<const Snapshot> snapshot);

  /// Calls `done` when everything that was given to apply() until now is in force or has failed.
  void whenSettled(std::function<void()> done);

  /// Its listeners are heard and its connections steered as soon as a configuration is in force.
  void enrolled(WorkloadId id, const std::string& key, Enrolled what);
  /// Not steered from here on.
  void gone(WorkloadId id);

  /// Called, from time to time, while connections exist to endpoints that do not
  /// (ENDPOINT_GONE).
  void onGoneEndpoints(std::function<void()> told) { gone_endpoints_ = std::move(told); }

  /// Called once everything is ready to be published for the first time: it is when `go` is called.
  void beforeFirst(std::function<void(std::function<void()> go)> ask) { ask_ = std::move(ask); }
  /// Called when something is in force for the first time.
  void onFirst(std::function<void()> told) { first_ = std::move(told); }
  /// Called when something could not be put in force while nothing is.
  void onNothing(std::function<void()> told) { nothing_ = std::move(told); }
  /// There is nothing to apply, as it cannot be read.
  void unreadable() {
    if (!status_.last_success) nothing_();
  }
  /// Called when connections of before may go where no route leads any more.
  void onRerouted(std::function<void()> told) { rerouted_ = std::move(told); }

  const Status& status() const { return status_; }
  /// What is in force; null before the first.
  std::shared_ptr<const routing::Routing> routing() const { return routing_; }
  /// Empty before the first.
  std::shared_ptr<const Snapshot> snapshot() const { return snapshot_; }
  const ClusterStates& clusters() const { return clusters_; }
  const resolve::Names& names() const { return names_; }

 private:
  struct Member {
    std::string key;
    Enrolled what;
    bool heard = false;  ///< the workers have its listeners
  };
  struct Attempt {
    std::shared_ptr<const Snapshot> snapshot;
    std::shared_ptr<const routing::Routing> routing;
    std::shared_ptr<const proxy::ProxyConfig> config;
  };

  void begin();
  void bringIn(const std::shared_ptr<const Snapshot>& snapshot, Result<Attempt> attempt);
  void healthChanged();
  void namesChanged();
  void refresh();
  Result<Attempt> prepare(std::shared_ptr<const Snapshot> snapshot);
  Result<Attempt> stage(std::shared_ptr<const Snapshot> snapshot,
                        const std::shared_ptr<const routing::Routing>& routing);
  void finish(const Attempt& attempt);
  Result<void> publish(const Attempt& attempt);
  Result<void> keepWanted(const Snapshot& snapshot);
  Result<void> noteRevision(uint64_t revision);
  Result<void> admitAll();
  Result<void> admit(WorkloadId id, Member& member);
  void showRefused(std::vector<steering::Refusal> refused);
  void showHeld(std::vector<routing::HeldBack> held);
  void succeed(const Attempt& attempt);
  void fail(const Attempt& attempt, const Error& error);
  void settle();
  void keepHouse();
  void lookForGone();

  Reactor& reactor_;
  DataPlane& data_plane_;
  steering::Steering& steering_;
  Fleet& fleet_;
  Status status_;
  routing::Admission admission_;
  routing::HoldBack hold_back_;
  routing::Resolver resolver_;
  ClusterStates clusters_;
  bool health_changed_ = false;  ///< since something was staged
  resolve::Names names_;
  resolve::NamedServers named_servers_;
  bool names_changed_ = false;  ///< since they were read
  std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<const Snapshot>();
  std::shared_ptr<const routing::Routing> routing_;
  std::shared_ptr<const routing::Routing> staged_;  ///< steering borrows it
  /// The newest that was made for the workers.
  std::shared_ptr<const proxy::ProxyConfig> config_ = std::make_shared<proxy::ProxyConfig>();
  std::map<WorkloadId, Member> members_;
  std::shared_ptr<const Snapshot> next_;
  std::shared_ptr<const Snapshot> wanted_;  ///< the newest that was begun with
  bool busy_ = false;
  Reactor::TimerId retry_ = 0;
  Reactor::TimerId house_ = 0;
  std::vector<std::function<void()>> waiting_;
  std::function<void()> gone_endpoints_ = [] {};
  std::function<void(std::function<void()>)> ask_;  ///< until it is called
  std::function<void()> first_;                     ///< until it is called
  std::function<void()> nothing_ = [] {};
  std::function<void()> rerouted_ = [] {};
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);  ///< for late answers
};

}  // namespace sluice::agent
