// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "userspace/base/reactor.h"
#include "userspace/model/address.h"
#include "userspace/model/traffic_policy.h"

namespace sluice::balance {

/// `loadBalancer.warmup`: a new endpoint gets its share little by little.
struct WarmupSettings {
  /// Nothing without a warm-up. Istio: `warmup`, or the deprecated warmupDurationSecs.
  static std::optional<WarmupSettings> of(const LoadBalancerSettings& policy);

  /// What an endpoint of that age gets of its share, in whole percent. Envoy, "Slow start mode":
  /// (age / duration) ^ (1 / aggression), and not less than the minimum.
  uint32_t percentAt(Duration age) const;

  Duration duration{};
  double minimum_percent = 10;
  double aggression = 1;

  friend bool operator==(const WarmupSettings&, const WarmupSettings&) = default;
};

/// Since when the endpoints of clusters with a warm-up are there. Belongs to the control thread.
class WarmupWatch {
 public:
  struct Cluster {
    WarmupSettings settings;
    std::map<SocketAddress, TimePoint> since;
  };
  using Percents = std::map<SocketAddress, uint32_t>;

  /// `changed` is called each time that some endpoint has become a step warmer.
  WarmupWatch(Reactor& reactor, std::function<void()> changed)
      : reactor_(reactor), changed_(std::move(changed)) {}
  ~WarmupWatch() { reactor_.cancel(timer_); }
  WarmupWatch(const WarmupWatch&) = delete;
  WarmupWatch& operator=(const WarmupWatch&) = delete;

  /// The endpoints of a cluster from now on. Those that it begins with are warm: among themselves
  /// it would make no difference. Who holds the answer keeps the cluster known.
  std::shared_ptr<const Cluster> setMembers(const std::string& cluster,
                                            const WarmupSettings& settings,
                                            std::span<const SocketAddress> members);

  /// Of endpoints that are not warm yet, by cluster.
  std::map<std::string, Percents> percents() const;

  /// Forgets the clusters that nobody else holds.
  void forgetUnused();

 private:
  Percents percentsOf(const Cluster& cluster) const;
  void tickLater();

  Reactor& reactor_;
  std::function<void()> changed_;
  std::map<std::string, std::shared_ptr<Cluster>> clusters_;
  Reactor::TimerId timer_ = 0;
};

}  // namespace sluice::balance
