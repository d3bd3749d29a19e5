// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "userspace/base/copy_on_write.h"

namespace sluice {

/// An optional value that is seldom there: it takes the room of a pointer, and copies share it.
/// Otherwise as std::optional. What is got from one that may be changed is its own: a value that
/// copies share is copied first, so const access is the cheap one.
///
/// Copies may be used by different threads; one object by one thread, or by several while nobody
/// changes it.
template <typename T>
class Rare {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names of std::optional
  Rare() = default;
  Rare(std::nullopt_t) {}  // NOLINT(google-explicit-constructor)
  Rare(T value)            // NOLINT(google-explicit-constructor)
      : value_(std::make_shared<T>(std::move(value))) {}
  Rare(const std::optional<T>& value) {  // NOLINT(google-explicit-constructor)
    if (value) value_ = std::make_shared<T>(*value);
  }

  bool has_value() const { return value_ != nullptr; }
  explicit operator bool() const { return has_value(); }
  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  T& operator*() { return own(); }
  T* operator->() { return &own(); }

  T& emplace() { return *(value_ = std::make_shared<T>()); }
  void reset() { value_.reset(); }
  // NOLINTEND(readability-identifier-naming)

  friend bool operator==(const Rare& a, const Rare& b) {
    return a.value_ == b.value_ || (a.value_ && b.value_ && *a.value_ == *b.value_);
  }
  friend bool operator==(const Rare& a, const T& b) { return a.value_ && *a.value_ == b; }
  friend bool operator==(const Rare& a, std::nullopt_t) { return !a.value_; }

 private:
  T& own() { return ownCopy(value_); }

  std::shared_ptr<T> value_;
};

}  // namespace sluice
