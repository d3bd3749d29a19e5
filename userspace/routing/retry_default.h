// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/model/resources.h"

namespace sluice::routing {

/// Conditions where `retryOn` is empty (Istio 1.24 and later).
inline constexpr const char* kDefaultRetryOn =
    "connect-failure,refused-stream,unavailable,cancelled";

/// What holds for HTTP where neither a rule nor the mesh says anything.
inline HttpRetry defaultRetries() {
  HttpRetry retries;
  retries.attempts = 2;
  retries.retry_on = kDefaultRetryOn;
  return retries;
}

}  // namespace sluice::routing
