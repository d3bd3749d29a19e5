// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

namespace sluice {

/// What `value`, which is not null, points to, to be changed: a copy if others have it, too.
template <typename T>
T& ownCopy(std::shared_ptr<T>& value) {
  if (value.use_count() > 1)
    value = std::make_shared<T>(*value);
  else
    std::atomic_thread_fence(std::memory_order_acquire);  // after the last other owner's reads
  return *value;
}

}  // namespace sluice
