// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/retry_limits.h"

#include <algorithm>

namespace sluice::proxy {

namespace {

constexpr double kDefaultPercent = 20;     // Envoy
constexpr uint32_t kDefaultInAnyCase = 3;  // Envoy

}  // namespace

RetryLimit RetryLimit::of(const routing::ClusterPolicy& policy) {
  RetryLimit limit;
  if (policy.retry_budget) {
    const RetryBudget& budget = policy.retry_budget->value;
    limit.budget_percent = budget.percent.value_or(kDefaultPercent);
    limit.budget_interval = budget.budget_interval.value_or(Duration{});
    limit.most = budget.min_retry_concurrency.value_or(kDefaultInAnyCase);
  } else if (policy.connection_pool && policy.connection_pool->value.http) {
    // Istio: 0 means the default, which is no limit.
    const int32_t most = policy.connection_pool->value.http->max_retries;
    if (most > 0) limit.most = static_cast<uint32_t>(most);
  }
  return limit;
}

uint64_t RetryLimit::allowed(uint64_t requests) const {
  if (!budget_percent) return most;
  return std::max<uint64_t>(
      most, static_cast<uint64_t>(*budget_percent / 100 * static_cast<double>(requests)));
}

void RecentCount::add(TimePoint now, Duration span) {
  const auto width = std::max(span / kSlots, Duration(1));
  if (std::exchange(width_, width) != width) counts_ = {};
  moveTo(slotOf(now));
  ++counts_[static_cast<size_t>(last_ % kSlots)];
}

/// Of the slots that are kept, those that are not too old by now.
uint64_t RecentCount::count(TimePoint now) const {
  uint64_t sum = 0;
  for (auto slot = slotOf(now) - kSlots + 1; slot <= last_; ++slot)
    sum += counts_[static_cast<size_t>(slot % kSlots)];
  return sum;
}

/// Forgets the slots that are too old now.
void RecentCount::moveTo(int64_t slot) {
  const auto passed = std::min(slot - last_, kSlots);
  for (int64_t i = 1; i <= passed; ++i) counts_[static_cast<size_t>((slot - i + 1) % kSlots)] = 0;
  last_ = slot;
}

RetryLimits::Share& RetryLimits::Share::operator=(Share&& other) noexcept {
  release();
  limits_ = std::exchange(other.limits_, nullptr);
  key_ = other.key_;
  retry_ = other.retry_;
  return *this;
}

void RetryLimits::Share::release() {
  if (limits_ != nullptr) std::exchange(limits_, nullptr)->remove(key_, retry_);
}

RetryLimits::Share RetryLimits::request(const RetryLimit& limit, const Key& key) {
  if (!limit.budget_percent) return {};
  const std::lock_guard lock(mutex_);
  Load& load = loadOf(key);
  load.interval = limit.budget_interval;
  ++load.requests;
  return {*this, key, false};
}

std::optional<RetryLimits::Share> RetryLimits::retry(const RetryLimit& limit, const Key& key) {
  if (limit.unlimited()) return Share();
  const std::lock_guard lock(mutex_);
  Load& load = loadOf(key);
  uint64_t requests = load.requests;
  if (limit.budget_interval > Duration{}) requests += load.over.count(clock_.now());
  if (load.retries >= limit.allowed(requests)) return std::nullopt;
  ++load.retries;
  return Share(*this, key, true);
}

/// Whoever is new makes room: clients and clusters come and go.
RetryLimits::Load& RetryLimits::loadOf(const Key& key) {
  const auto known = loads_.find(key);
  if (known != loads_.end()) return known->second;
  std::erase_if(loads_, [&](auto& entry) { return entry.second.isIdle(clock_.now()); });
  return loads_[key];
}

void RetryLimits::remove(const Key& key, bool retry) {
  const std::lock_guard lock(mutex_);
  Load& load = loads_.find(key)->second;
  --load.of(retry);
  if (!retry && load.interval > Duration{}) load.over.add(clock_.now(), load.interval);
}

}  // namespace sluice::proxy
