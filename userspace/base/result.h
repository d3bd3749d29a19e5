// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sluice {

/// What failed, on what, and why; `what` is a whole sentence part such as
/// "open /etc/sluice/rules.yaml". `hint` tells the reader what to do and may be empty.
class [[nodiscard]] Error {
 public:
  enum class Code {
    kInvalid,      ///< the input is wrong
    kNotFound,     ///< the thing that was named does not exist
    kPermission,   ///< rights are missing
    kUnavailable,  ///< the other side does not answer
    kExhausted,    ///< a limit is reached
    kUnsupported,  ///< this kernel or this version cannot do it
    kSystem,       ///< a system call failed; see errnum()
  };

  Error(Code code, std::string what, std::string hint = {})
      : code_(code), what_(std::move(what)), hint_(std::move(hint)) {}

  /// From a failed system call: `what` names the call and its object, `errnum` says why.
  static Error system(std::string what, int errnum = errno, std::string hint = {});

  /// An error that another process reported, with everything that it said.
  static Error relayed(Code code, int errnum, std::string message, std::string hint);

  /// The same error, seen from one level above: "`what`: …".
  Error in(std::string_view what) &&;

  Code code() const { return code_; }
  int errnum() const { return errnum_; }
  const std::string& hint() const { return hint_; }

  /// One line, without the hint.
  const std::string& message() const { return what_; }

 private:
  Code code_;
  int errnum_ = 0;
  std::string what_;
  std::string hint_;
};

/// A value, or the Error that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  bool ok() const { return state_.index() == 0; }

  /// Only when ok().
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

  /// Only when not ok().
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

/// Success, or the Error that says why not.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  bool ok() const { return !error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

/// Leaves the calling function with the error of `expression`, a Result<void>.
#define SLUICE_TRY(expression)                                  \
  do {                                                          \
    if (auto sluice_result = (expression); !sluice_result.ok()) \
      return std::move(sluice_result).error();                  \
  } while (false)

}  // namespace sluice
