// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "userspace/base/copy_on_write.h"

namespace sluice {

/// A vector whose copies share its elements until one of them is changed: a copy costs a pointer.
/// Compared by content.
///
/// Copies may be used by different threads; one object by one thread, or by several while nobody
/// changes it.
template <typename T>
class SharedVector {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names of std::vector
  using value_type = T;
  using const_iterator = const T*;

  SharedVector() = default;
  SharedVector(std::initializer_list<T> items) : SharedVector(std::vector<T>(items)) {}
  explicit SharedVector(std::vector<T> items)
      : items_(std::make_shared<std::vector<T>>(std::move(items))) {}

  const_iterator begin() const { return items_ ? items_->data() : nullptr; }
  const_iterator end() const { return items_ ? items_->data() + items_->size() : nullptr; }
  size_t size() const { return items_ ? items_->size() : 0; }
  bool empty() const { return size() == 0; }
  const T& operator[](size_t index) const { return (*items_)[index]; }
  const T& front() const { return items_->front(); }
  const T& back() const { return items_->back(); }

  void push_back(T item) { edit().push_back(std::move(item)); }
  void clear() { items_.reset(); }
  // NOLINTEND(readability-identifier-naming)

  /// To be changed. The other copies keep what they have.
  std::vector<T>& edit() {
    if (!items_) items_ = std::make_shared<std::vector<T>>();
    return ownCopy(items_);
  }

  /// Whether they are copies that nobody has changed, which costs no look at the elements.
  bool sharesWith(const SharedVector& other) const { return items_ == other.items_; }
  friend bool operator==(const SharedVector& a, const SharedVector& b) {
    return a.sharesWith(b) || std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::shared_ptr<std::vector<T>> items_;  ///< null: none
};

}  // namespace sluice
