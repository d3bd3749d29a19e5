// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "userspace/base/clock.h"
#include "userspace/model/ids.h"
#include "userspace/routing/route_table.h"

namespace sluice::proxy {

/// How many requests of a client to a cluster may be repetitions at the same time.
struct RetryLimit {
  /// connectionPool.http.maxRetries, or retryBudget where there is one (Envoy: it wins).
  static RetryLimit of(const routing::ClusterPolicy& policy);

  bool unlimited() const { return !budget_percent && most == UINT32_MAX; }
  /// While `requests` count, repetitions included.
  uint64_t allowed(uint64_t requests) const;

  std::optional<double> budget_percent;  ///< of the requests that count
  /// retryBudget.budgetInterval: how long requests count that are over; 0: not at all.
  Duration budget_interval{};
  uint32_t most = UINT32_MAX;  ///< with a budget: what is allowed in any case
};

/// How often something has happened within the last `span`, to a sixteenth of it.
class RecentCount {
 public:
  void add(TimePoint now, Duration span);
  uint64_t count(TimePoint now) const;

 private:
  static constexpr int64_t kSlots = 16;
  int64_t slotOf(TimePoint now) const { return now.time_since_epoch() / width_; }
  void moveTo(int64_t slot);

  Duration width_{1};  ///< of a slot
  int64_t last_ = 0;   ///< the newest slot; the others are those before it
  std::array<uint32_t, kSlots> counts_{};
};

/// What clients have under way, where a limit asks for it: all workers of an agent count together.
/// Used from any thread.
class RetryLimits {
 public:
  struct Key {
    WorkloadId client;
    ClusterId cluster;
    friend bool operator==(const Key&, const Key&) = default;
  };

  /// Counts for something as long as it lives; may count for nothing.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept { *this = std::move(other); }
    Share& operator=(Share&& other) noexcept;
    ~Share() { release(); }
    void release();

   private:
    friend RetryLimits;
    Share(RetryLimits& limits, const Key& key, bool retry)
        : limits_(&limits), key_(key), retry_(retry) {}
    RetryLimits* limits_ = nullptr;
    Key key_;
    bool retry_ = false;
  };

  /// Borrows `clock`.
  explicit RetryLimits(const Clock& clock) : clock_(clock) {}

  /// A request is under way. Shares must not outlive this object.
  Share request(const RetryLimit& limit, const Key& key);
  /// Nothing when there are too many.
  std::optional<Share> retry(const RetryLimit& limit, const Key& key);

 private:
  struct Load {
    uint32_t requests = 0, retries = 0;
    Duration interval{};  ///< how long requests count that are over
    RecentCount over = {};
    uint32_t& of(bool retry) { return retry ? retries : requests; }
    bool isIdle(TimePoint now) const {
      return requests == 0 && retries == 0 && (interval == Duration{} || over.count(now) == 0);
    }
  };
  struct Hash {
    size_t operator()(const Key& key) const {
      return std::hash<uint64_t>{}((uint64_t{key.cluster.value} << 32) ^ key.client.value);
    }
  };

  Load& loadOf(const Key& key);
  void remove(const Key& key, bool retry);

  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<Key, Load, Hash> loads_;  ///< those that are not idle, and some that are
};

}  // namespace sluice::proxy
