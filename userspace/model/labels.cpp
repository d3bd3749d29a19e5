// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/labels.h"

#include <algorithm>

#include "userspace/base/copy_on_write.h"

namespace sluice {
namespace {

/// The first of `items` that is not before `name`.
template <typename Iterator>
Iterator lowerBound(Iterator first, Iterator last, std::string_view name) {
  return std::partition_point(first, last, [&](const auto& item) { return item.first < name; });
}

}  // namespace

Labels::const_iterator Labels::find(std::string_view name) const {
  const auto* at = lowerBound(begin(), end(), name);
  return at != end() && at->first == name ? at : end();
}

std::string& Labels::operator[](std::string_view name) {
  auto& items = own();
  auto at = lowerBound(items.begin(), items.end(), name);
  if (at == items.end() || at->first != name) at = items.emplace(at, name, "");
  return at->second;
}

void Labels::insert(const value_type& label) {
  if (!contains(label.first)) (*this)[label.first] = label.second;
}

void Labels::insert(const_iterator first, const_iterator last) {
  for (; first != last; ++first) insert(*first);
}

bool operator==(const Labels& a, const Labels& b) {
  return a.items_ == b.items_ || std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

Labels::Items& Labels::own() {
  if (!items_) items_ = std::make_shared<Items>();
  return ownCopy(items_);
}

}  // namespace sluice
