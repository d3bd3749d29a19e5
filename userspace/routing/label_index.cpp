// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/label_index.h"

#include <algorithm>
#include <numeric>

namespace sluice::routing {
namespace {

std::string textOf(const Labels::value_type& label) { return label.first + "=" + label.second; }

}  // namespace

void LabelIndex::expect(const Labels& selector) {
  for (const auto& [name, value] : selector) names_.insert(name);
}

void LabelIndex::add(const Labels& labels) {
  const auto number = static_cast<uint32_t>(items_.size());
  items_.push_back(labels);
  for (const auto& label : labels)
    if (names_.contains(label.first)) by_label_[textOf(label)].push_back(number);
}

std::vector<uint32_t> LabelIndex::matching(const Labels& selector) const {
  if (selector.empty()) {
    Items all(items_.size());
    std::iota(all.begin(), all.end(), 0U);
    return all;
  }
  const Items* fewest = nullptr;
  for (const auto& label : selector)
    if (const auto& items = having(label); !fewest || items.size() < fewest->size())
      fewest = &items;
  if (selector.size() == 1) return *fewest;
  Items found;
  std::ranges::copy_if(*fewest, std::back_inserter(found), [&](uint32_t item) {
    return std::ranges::includes(items_[item], selector);
  });
  return found;
}

const LabelIndex::Items& LabelIndex::having(const Labels::value_type& label) const {
  static const Items kNone;
  const auto found = by_label_.find(textOf(label));
  return found == by_label_.end() ? kNone : found->second;
}

}  // namespace sluice::routing
