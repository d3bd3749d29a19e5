// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>

#include "userspace/base/clock.h"
#include "userspace/model/traffic_policy.h"

namespace sluice::balance {

/// How something that was asked of an endpoint has come out.
enum class Outcome {
  kSuccess,
  kError,         ///< the endpoint's answer is one
  kGatewayError,  ///< 502, 503, 504
  kLocalFailure,  ///< there is no answer: it could not be connected, or broke off, or was too late
};

/// `outlierDetection` with Istio's and Envoy's defaults. Thresholds of 0 are switched off.
struct OutlierSettings {
  static OutlierSettings of(const OutlierDetection& policy);

  uint32_t consecutive_errors = 5;
  uint32_t consecutive_gateway_errors = 0;
  uint32_t consecutive_local_failures = 0;  ///< only with `split_local`
  bool split_local = false;                 ///< local failures count for themselves, not as errors
  Duration interval{};
  Duration base_ejection{};
  Duration longest_ejection{};  ///< Envoy: 300 s, or the base if that is longer
  uint32_t max_ejected_percent = 10;
  uint32_t min_healthy_percent = 0;  ///< with less, ejected endpoints are used as well
  std::set<uint32_t> error_codes;    ///< statuses that are errors; none: 500 and above

  Outcome outcomeOf(int status) const;
  /// Connections in a row that cannot be made, after which an endpoint is ejected; 0: never. Envoy:
  /// each counts as a local failure, or without the split as a 503.
  uint32_t consecutiveFailedConnections() const;

  friend bool operator==(const OutlierSettings&, const OutlierSettings&) = default;
};

}  // namespace sluice::balance
