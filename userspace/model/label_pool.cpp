// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/label_pool.h"

#include <algorithm>
#include <functional>
#include <string>

namespace sluice {
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
Labels LabelPool::share(const Labels& labels) {
  if (labels.empty()) return labels;
  if (known_.size() >= next_sweep_) sweep();
  auto& known = known_[hashOf(labels)];
  Labels present;
  present.items_ = known.lock();
  if (present == labels) return present;
  if (!present.items_) known = labels.items_;
  return labels;
}

/// Sweeps cost, spread over what was added between them, a constant.
void LabelPool::sweep() {
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  next_sweep_ = std::max<size_t>(1024, 2 * known_.size());
}

}  // namespace sluice
