// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/tls/failure.h"

namespace sluice::tls {

const char* failureName(FailureKind kind) {
  switch (kind) {
#define FAILURE(Name, name, meaning) \
  case FailureKind::k##Name:         \
    return #name;
#include "userspace/proxy/tls/failures.def"
#undef FAILURE
  }
  return "unknown";
}

const char* failureMeaning(FailureKind kind) {
  switch (kind) {
#define FAILURE(Name, name, meaning) \
  case FailureKind::k##Name:         \
    return meaning;
#include "userspace/proxy/tls/failures.def"
#undef FAILURE
  }
  return "unknown";
}

std::string Failure::text() const {
  std::string text = std::string(failureName(kind)) + ": " + failureMeaning(kind);
  return detail.empty() ? text : text + " (" + detail + ")";
}

}  // namespace sluice::tls
