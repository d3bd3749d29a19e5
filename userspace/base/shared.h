// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "userspace/base/copy_on_write.h"

namespace sluice {

/// A value that seldom changes, one object for all copies; one that is as by default costs nothing
/// but a pointer. Compared by content.
///
/// Copies may be used by different threads; one object by one thread, or by several while nobody
/// changes it.
template <typename T>
class Shared {
 public:
  Shared() : value_(asByDefault()) {}
  explicit Shared(T value)
      : value_(value == *asByDefault() ? asByDefault() : std::make_shared<T>(std::move(value))) {}

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  /// To be changed. The other copies keep what they have.
  T& edit() { return ownCopy(value_); }
  friend bool operator==(const Shared& a, const Shared& b) {
    return a.value_ == b.value_ || *a.value_ == *b.value_;
  }

 private:
  /// Has an owner for ever, so that nobody changes it.
  static const std::shared_ptr<T>& asByDefault() {
    static const auto kValue = std::make_shared<T>();
    return kValue;
  }

  std::shared_ptr<T> value_;  ///< never null
};

}  // namespace sluice
