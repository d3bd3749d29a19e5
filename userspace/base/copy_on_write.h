// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

namespace sluice {

/// What the last other owner has read of `value` comes before what follows.
template <typename T>
void afterOtherOwners([[maybe_unused]] const std::shared_ptr<T>& value) {
#ifdef __SANITIZE_THREAD__
  const auto acquired = value;  // ThreadSanitizer knows no fences; the count of owners will do
#else
  std::atomic_thread_fence(std::memory_order_acquire);
#endif
}

/// What `value`, which is not null, points to, to be changed: a copy if others have it, too.
template <typename T>
T& ownCopy(std::shared_ptr<T>& value) {
  if (value.use_count() > 1)
    value = std::make_shared<T>(*value);
  else
    afterOtherOwners(value);
  return *value;
}

}  // namespace sluice
