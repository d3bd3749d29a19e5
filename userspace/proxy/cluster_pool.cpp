// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/cluster_pool.h"

#include <utility>

namespace sluice::proxy {

Lease Lease::within(Count count, uint32_t limit) {
  // Counted first, and taken back where it was one too many: two that come together never both get
  // the last one.
  if (count->fetch_add(1, std::memory_order_relaxed) < limit) return Lease(std::move(count));
  count->fetch_sub(1, std::memory_order_relaxed);
  return {};
}

Lease Lease::beyond(Count count) {
  count->fetch_add(1, std::memory_order_relaxed);
  return Lease(std::move(count));
}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  release();
  count_ = std::move(other.count_);
  return *this;
}

void Lease::release() {
  if (const auto count = std::exchange(count_, nullptr))
    count->fetch_sub(1, std::memory_order_relaxed);
}

std::shared_ptr<PoolUse> PoolUses::of(const std::string& cluster) {
  auto& use = uses_[cluster];
  if (!use) use = std::make_shared<PoolUse>(++last_number_);
  return use;
}

void PoolUses::forgetUnused() {
  std::erase_if(uses_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

}  // namespace sluice::proxy
