// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include "userspace/model/ids.h"
#include "userspace/routing/route_table.h"

namespace sluice::proxy {

/// How many requests of a client to a cluster may be repetitions at the same time.
struct RetryLimit {
  /// connectionPool.http.maxRetries, or retryBudget where there is one (Envoy: it wins).
  static RetryLimit of(const routing::ClusterPolicy& policy);

  bool unlimited() const { return !budget_percent && most == UINT32_MAX; }
  /// While `requests` are under way, repetitions included.
  uint64_t allowed(uint32_t requests) const;

  std::optional<double> budget_percent;  ///< of the requests under way
  uint32_t most = UINT32_MAX;            ///< with a budget: what is allowed in any case
};

/// What is under way, where a limit asks for it. Of one worker, as each of Envoy's counts are those
/// of one sidecar.
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

  /// A request is under way. Shares must not outlive this object.
  Share request(const RetryLimit& limit, const Key& key);
  /// Nothing when there are too many.
  std::optional<Share> retry(const RetryLimit& limit, const Key& key);

 private:
  struct Load {
    uint32_t requests = 0, retries = 0;
    uint32_t& of(bool retry) { return retry ? retries : requests; }
  };
  struct Hash {
    size_t operator()(const Key& key) const {
      return std::hash<uint64_t>{}((uint64_t{key.cluster.value} << 32) ^ key.client.value);
    }
  };

  Share add(const Key& key, bool retry);
  void remove(const Key& key, bool retry);

  std::unordered_map<Key, Load, Hash> loads_;  ///< those that are not zero
};

}  // namespace sluice::proxy
