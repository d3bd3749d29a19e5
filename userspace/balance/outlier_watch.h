// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "userspace/balance/outlier_detector.h"
#include "userspace/base/reactor.h"

namespace sluice::balance {

/// The outlier detectors of all clusters, one each for the whole agent. Belongs to the control
/// thread; the detectors are everybody's.
class OutlierWatch {
 public:
  /// `changed` is called on the reactor's thread, once for what happened since the last time.
  OutlierWatch(Reactor& reactor, std::function<void()> changed);
  ~OutlierWatch();
  OutlierWatch(const OutlierWatch&) = delete;
  OutlierWatch& operator=(const OutlierWatch&) = delete;

  /// The cluster's detector as long as it has those settings, or a new one. Envoy: who changes the
  /// policy begins with a clean slate.
  std::shared_ptr<OutlierDetector> detector(const std::string& cluster,
                                            const OutlierSettings& settings);

  /// How often the kernel's counters are read: a second's worth of connections to a dead endpoint
  /// is what it costs to notice.
  static constexpr Duration kConnectionPeriod = std::chrono::seconds(1);

  /// From now on connections of the connect path count, too (OutlierDetector::countConnections).
  void followConnections(ReadConnections read);

  /// Endpoints that are to be avoided now, by cluster; clusters without any are left out.
  std::map<std::string, std::set<SocketAddress>> avoided() const;
  std::map<std::string, OutlierDetector::Status> status() const;

  /// Forgets the detectors that nobody else holds.
  void forgetUnused();

 private:
  struct Watched {
    std::shared_ptr<OutlierDetector> detector;
    Reactor::TimerId timer = 0;
  };
  /// What detectors hold of their watch; they may outlive it.
  struct Link {
    std::atomic<bool> pending = false;
  };

  void sweepLater(const std::string& cluster);
  void countConnections();

  Reactor& reactor_;
  std::function<void()> changed_;
  std::map<std::string, Watched> clusters_;
  ReadConnections read_connections_;
  Reactor::TimerId connection_timer_ = 0;
  std::shared_ptr<Link> link_ = std::make_shared<Link>();
};

}  // namespace sluice::balance
