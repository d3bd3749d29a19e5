// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "userspace/balance/outlier_settings.h"
#include "userspace/model/address.h"
#include "userspace/model/ids.h"

namespace sluice::balance {

class OutlierDetector;

/// Of the connections that the kernel leads to one endpoint, since ever.
struct ConnectionCounts {
  uint64_t made = 0;
  uint64_t failed = 0;  ///< the endpoint refused, or did not answer
};
using ReadConnections = std::function<std::optional<ConnectionCounts>(EndpointId endpoint)>;

/// What is known of one endpoint of one cluster. Used by all workers at once, without a lock but
/// for the error that reaches a threshold.
class OutlierMonitor {
 public:
  OutlierMonitor(std::weak_ptr<OutlierDetector> detector, const OutlierSettings& settings)
      : detector_(std::move(detector)), settings_(settings) {}

  /// Whether it must get nothing at present.
  bool isAvoided() const { return avoided_.load(std::memory_order_relaxed); }

  void answered(int status, TimePoint now) { report(settings_.outcomeOf(status), now); }
  void report(Outcome outcome, TimePoint now);

  /// Under which number the kernel counts connections to it; 0: under none.
  void setEndpoint(EndpointId endpoint) {
    endpoint_.store(endpoint.value, std::memory_order_relaxed);
  }

 private:
  friend OutlierDetector;

  void succeeded();
  bool failed(Outcome outcome);
  bool failedLocally();
  bool takeConnections(const ReadConnections& read);
  bool connected(uint64_t made, uint64_t failed);

  const std::weak_ptr<OutlierDetector> detector_;
  const OutlierSettings settings_;
  std::atomic<uint32_t> errors_ = 0, gateway_errors_ = 0, local_failures_ = 0;
  std::atomic<bool> avoided_ = false;
  std::atomic<uint32_t> endpoint_ = 0;

  // Of the thread that reads the kernel's counters.
  struct Seen {
    uint32_t endpoint;
    ConnectionCounts counts;
  };
  std::optional<Seen> seen_;
  uint64_t failed_connections_ = 0;  ///< in a row

  // The detector's, under its lock.
  bool member_ = true;
  bool ejected_ = false;
  TimePoint ejected_at_{};
  uint32_t ejections_ = 0;  ///< that count for the length of the next
};

/// Takes endpoints of one cluster out of use that fail again and again, for a while.
///
/// Envoy, "Outlier detection": an endpoint is ejected when consecutive errors reach a threshold,
/// the n-th time for n times the base; looked after in intervals, each of which an endpoint gets
/// through without an ejection takes one off n. Not more than a share of all endpoints is ejected
/// at once. Safe to use from several threads.
class OutlierDetector : public std::enable_shared_from_this<OutlierDetector> {
 public:
  /// `changed` is called when other endpoints are to be avoided than before: on any thread, without
  /// a lock.
  static std::shared_ptr<OutlierDetector> create(OutlierSettings settings,
                                                 std::function<void()> changed);

  const OutlierSettings& settings() const { return settings_; }

  /// The endpoints of the cluster from now on, and what is known of each; of those that stay, what
  /// was.
  std::vector<std::shared_ptr<OutlierMonitor>> setMembers(std::span<const SocketAddress> members);

  /// Lets endpoints in again whose time is over. To be called once in each interval.
  void sweep(TimePoint now);

  /// Takes into account what connections of the connect path have met since the last call. On the
  /// thread of sweep().
  ///
  /// They are a row of their own: a connection that is made says nothing about answers, and must
  /// not end a row of 503s. Of failures and connections between two calls the order is not known:
  /// they count as if the failures had been as far from each other as possible (adr/0011).
  void countConnections(const ReadConnections& read, TimePoint now);

  struct Status {
    std::set<SocketAddress> ejected;
    std::set<SocketAddress> avoided;  ///< the same, but for too few being left
    uint64_t ejections = 0;           ///< so far
    uint64_t held_ejections = 0;      ///< that the limit has prevented
  };
  Status status() const;

 private:
  friend OutlierMonitor;

  OutlierDetector(OutlierSettings settings, std::function<void()> changed)
      : settings_(std::move(settings)), changed_(std::move(changed)) {}

  void eject(OutlierMonitor& monitor, TimePoint now);
  bool mayEject() const;
  bool isOver(const OutlierMonitor& monitor, TimePoint now) const;
  bool tooFewLeft() const;
  bool markAvoided();

  const OutlierSettings settings_;
  const std::function<void()> changed_;
  mutable std::mutex mutex_;
  std::map<SocketAddress, std::shared_ptr<OutlierMonitor>> members_;
  uint64_t ejected_ = 0;
  uint64_t ejections_ = 0, held_ejections_ = 0;
};

}  // namespace sluice::balance
