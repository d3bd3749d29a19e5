// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "userspace/proxy/pool_settings.h"

namespace sluice::proxy {

/// One of a limited number, as long as it lives; may be none.
class Lease {
 public:
  using Count = std::shared_ptr<std::atomic<uint32_t>>;

  Lease() = default;
  /// None when there are `limit` already.
  static Lease within(Count count, uint32_t limit);
  /// Beyond the limit as well; it counts.
  static Lease beyond(Count count);

  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease() { release(); }

  explicit operator bool() const { return count_ != nullptr; }
  void release();

 private:
  explicit Lease(Count count) : count_(std::move(count)) {}
  Count count_;  ///< null: of nothing
};

/// What the proxy of an agent has under way to one cluster; all workers count together.
struct PoolUse {
  explicit PoolUse(uint64_t its_number) : number(its_number) {}

  const uint64_t number;  ///< of the cluster; not 0, and never used again
  std::atomic<uint32_t> connections = 0, pending = 0, requests = 0;
  std::atomic<uint64_t> overflows = 0;  ///< refused, since the cluster has limits
};

/// The limits of a cluster, and what is used of them. Safe to use from several threads.
class ClusterPool {
 public:
  ClusterPool(const PoolSettings& settings, std::shared_ptr<PoolUse> use)
      : settings_(settings), use_(std::move(use)) {}

  const PoolSettings& settings() const { return settings_; }
  uint64_t number() const { return use_->number; }

  // None: there are too many.
  Lease connection() const {
    return Lease::within(of(use_->connections), settings_.max_connections);
  }
  Lease pending() const { return Lease::within(of(use_->pending), settings_.max_pending); }
  Lease request() const { return Lease::within(of(use_->requests), settings_.max_requests); }
  void countOverflow() const { use_->overflows.fetch_add(1, std::memory_order_relaxed); }
  Lease connectionBeyondLimit() const { return Lease::beyond(of(use_->connections)); }

 private:
  Lease::Count of(std::atomic<uint32_t>& count) const { return {use_, &count}; }

  PoolSettings settings_;
  std::shared_ptr<PoolUse> use_;
};

/// What is used of the clusters by name, so that limits that change meet what is under way.
class PoolUses {
 public:
  std::shared_ptr<PoolUse> of(const std::string& cluster);
  /// Forgets what nobody else holds.
  void forgetUnused();
  /// By cluster.
  const std::map<std::string, std::shared_ptr<PoolUse>>& all() const { return uses_; }

 private:
  std::map<std::string, std::shared_ptr<PoolUse>> uses_;
  uint64_t last_number_ = 0;
};

}  // namespace sluice::proxy
