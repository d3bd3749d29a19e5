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
    limit.most = budget.min_retry_concurrency.value_or(kDefaultInAnyCase);
  } else if (policy.connection_pool && policy.connection_pool->value.http) {
    // Istio: 0 means the default, which is no limit.
    const int32_t most = policy.connection_pool->value.http->max_retries;
    if (most > 0) limit.most = static_cast<uint32_t>(most);
  }
  return limit;
}

uint64_t RetryLimit::allowed(uint32_t requests) const {
  if (!budget_percent) return most;
  return std::max<uint64_t>(most, static_cast<uint64_t>(*budget_percent / 100 * requests));
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
  return limit.budget_percent ? add(key, false) : Share();
}

std::optional<RetryLimits::Share> RetryLimits::retry(const RetryLimit& limit, const Key& key) {
  if (limit.unlimited()) return Share();
  const auto found = loads_.find(key);
  const Load load = found == loads_.end() ? Load{} : found->second;
  if (load.retries >= limit.allowed(load.requests)) return std::nullopt;
  return add(key, true);
}

RetryLimits::Share RetryLimits::add(const Key& key, bool retry) {
  ++loads_[key].of(retry);
  return {*this, key, retry};
}

void RetryLimits::remove(const Key& key, bool retry) {
  const auto found = loads_.find(key);
  Load& load = found->second;
  --load.of(retry);
  if (load.requests == 0 && load.retries == 0) loads_.erase(found);
}

}  // namespace sluice::proxy
