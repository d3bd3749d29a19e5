// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// Labels or annotations: values by name, in the order of the names. There are few of them, and
/// many resources have the same: copies share them, and a copy that is changed gets its own.
///
/// Copies may be used by different threads; one object by one thread, or by several while nobody
/// changes it.
class Labels {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names of std::map
  using value_type = std::pair<std::string, std::string>;
  using const_iterator = const value_type*;

  Labels() = default;
  Labels(std::initializer_list<value_type> labels) { insert(labels.begin(), labels.end()); }

  const_iterator begin() const { return items_ ? items_->data() : nullptr; }
  const_iterator end() const { return items_ ? items_->data() + items_->size() : nullptr; }
  size_t size() const { return items_ ? items_->size() : 0; }
  bool empty() const { return size() == 0; }
  const_iterator find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != end(); }

  /// The value of `name`, an empty one where there was none.
  std::string& operator[](std::string_view name);
  /// What there is of the name stays.
  void insert(const value_type& label);
  void insert(const_iterator first, const_iterator last);
  void merge(const Labels& labels) { insert(labels.begin(), labels.end()); }
  void clear() { items_.reset(); }
  // NOLINTEND(readability-identifier-naming)

  friend bool operator==(const Labels& a, const Labels& b);
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

 private:
  friend class LabelPool;
  using Items = std::vector<value_type>;

  Items& own();

  std::shared_ptr<Items> items_;  ///< sorted; null: none
};

}  // namespace sluice
