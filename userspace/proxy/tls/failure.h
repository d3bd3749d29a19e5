// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice::tls {

/// The list is failures.def.
enum class FailureKind : uint8_t {
#define FAILURE(Name, name, meaning) k##Name,
#include "userspace/proxy/tls/failures.def"
#undef FAILURE
};

inline constexpr size_t kFailureKinds = [] {
  size_t count = 0;
#define FAILURE(Name, name, meaning) ++count;
#include "userspace/proxy/tls/failures.def"
#undef FAILURE
  return count;
}();

/// "wrong_name".
const char* failureName(FailureKind kind);
const char* failureMeaning(FailureKind kind);

struct Failure {
  FailureKind kind;
  std::string detail;  ///< as OpenSSL says it, "hostname mismatch"; may be empty

  /// "wrong_name: the server's certificate has … (hostname mismatch)".
  std::string text() const;
};

}  // namespace sluice::tls
