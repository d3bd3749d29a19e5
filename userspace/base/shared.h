// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

namespace sluice {

/// A value that does not change, one object for all copies; one that is as by default costs nothing
/// but a pointer. Compared by content.
template <typename T>
class Shared {
 public:
  Shared() : value_(asByDefault()) {}
  explicit Shared(T value)
      : value_(value == *asByDefault() ? asByDefault()
                                       : std::make_shared<const T>(std::move(value))) {}

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  friend bool operator==(const Shared& a, const Shared& b) {
    return a.value_ == b.value_ || *a.value_ == *b.value_;
  }

 private:
  static const std::shared_ptr<const T>& asByDefault() {
    static const auto kValue = std::make_shared<const T>();
    return kValue;
  }

  std::shared_ptr<const T> value_;  ///< never null
};

}  // namespace sluice
