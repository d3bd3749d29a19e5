// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/label_pool.h"

#include <algorithm>
#include <functional>
#include <string>

namespace sluice::routing {
namespace {

size_t hashOf(const Labels& labels) {
  constexpr size_t kFactor = 0x9e3779b97f4a7c15;
  const std::hash<std::string> hash;
  size_t sum = labels.size();
  for (const auto& [name, value] : labels)
    sum = (sum * kFactor + hash(name)) * kFactor + hash(value);
  return sum;
}

}  // namespace

/// Different labels with one hash: the younger are not shared.
std::shared_ptr<const Labels> LabelPool::share(const Labels& labels) {
  if (known_.size() >= next_sweep_) sweep();
  auto& known = known_[hashOf(labels)];
  auto present = known.lock();
  if (present && *present == labels) return present;
  auto made = std::make_shared<const Labels>(labels);
  if (!present) known = made;
  return made;
}

/// Sweeps cost, spread over what was added between them, a constant.
void LabelPool::sweep() {
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  next_sweep_ = std::max<size_t>(1024, 2 * known_.size());
}

}  // namespace sluice::routing
