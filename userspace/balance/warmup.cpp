// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/warmup.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace sluice::balance {
namespace {

/// Steps from cold to warm: each costs a change of the kernel's tables and of the proxy's
/// configuration.
constexpr int kSteps = 20;
constexpr Duration kShortestStep = std::chrono::seconds(1);

}  // namespace

std::optional<WarmupSettings> WarmupSettings::of(const LoadBalancerSettings& policy) {
  WarmupSettings settings;
  if (policy.warmup) {
    settings.duration = policy.warmup->duration.value_or(Duration::zero());
    settings.minimum_percent = policy.warmup->minimum_percent.value_or(settings.minimum_percent);
    settings.aggression = policy.warmup->aggression.value_or(settings.aggression);
  } else {
    settings.duration = policy.warmup_duration_secs.value_or(Duration::zero());
  }
  if (settings.duration <= Duration::zero() || settings.aggression <= 0) return std::nullopt;
  return settings;
}

uint32_t WarmupSettings::percentAt(Duration age) const {
  if (age >= duration) return 100;
  const double part = std::chrono::duration<double>(age) / std::chrono::duration<double>(duration);
  const double percent = 100 * std::pow(std::max(part, 0.0), 1 / aggression);
  return static_cast<uint32_t>(std::clamp(std::max(percent, minimum_percent), 1.0, 100.0));
}

std::shared_ptr<const WarmupWatch::Cluster> WarmupWatch::setMembers(
    const std::string& cluster, const WarmupSettings& settings,
    std::span<const SocketAddress> members) {
  auto& known = clusters_[cluster];
  const auto arrival = known ? reactor_.now() : TimePoint::min();
  if (!known) known = std::make_shared<Cluster>();
  known->settings = settings;
  const auto before = std::exchange(known->since, {});
  for (const auto& address : members) {
    const auto was = before.find(address);
    known->since[address] = was == before.end() ? arrival : was->second;
  }
  tickLater();
  return known;
}

WarmupWatch::Percents WarmupWatch::percentsOf(const Cluster& cluster) const {
  Percents percents;
  const auto now = reactor_.now();
  for (const auto& [address, since] : cluster.since) {
    if (since == TimePoint::min()) continue;
    const auto percent = cluster.settings.percentAt(now - since);
    if (percent < 100) percents[address] = percent;
  }
  return percents;
}

std::map<std::string, WarmupWatch::Percents> WarmupWatch::percents() const {
  std::map<std::string, Percents> all;
  for (const auto& [name, cluster] : clusters_)
    if (auto percents = percentsOf(*cluster); !percents.empty())
      all.emplace(name, std::move(percents));
  return all;
}

/// While somebody is not warm: at the shortest step that any of those clusters asks for.
void WarmupWatch::tickLater() {
  if (timer_ != 0) return;
  auto step = Duration::max();
  for (const auto& [name, cluster] : clusters_)
    if (!percentsOf(*cluster).empty())
      step = std::min(step, std::max(kShortestStep, cluster->settings.duration / kSteps));
  if (step == Duration::max()) return;
  timer_ = reactor_.after(step, [this] {
    timer_ = 0;
    changed_();
    tickLater();
  });
}

void WarmupWatch::forgetUnused() {
  std::erase_if(clusters_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

}  // namespace sluice::balance
