// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/outlier_settings.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace sluice::balance {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestEjection = 300s;
constexpr uint32_t kConsecutive = 5;

/// Istio cannot tell 0 from an absent duration.
Duration orDefault(const std::optional<std::chrono::nanoseconds>& value, Duration by_default) {
  return value && value->count() > 0 ? *value : by_default;
}

uint32_t percent(int32_t value, uint32_t by_default) {
  return value <= 0 ? by_default : std::min<uint32_t>(static_cast<uint32_t>(value), 100);
}

}  // namespace

OutlierSettings OutlierSettings::of(const OutlierDetection& policy) {
  OutlierSettings settings;
  settings.consecutive_errors = policy.consecutive_5xx_errors.value_or(kConsecutive);
  settings.consecutive_gateway_errors = policy.consecutive_gateway_errors.value_or(0);
  settings.split_local = policy.split_external_local_origin_errors;
  if (settings.split_local)
    settings.consecutive_local_failures =
        policy.consecutive_local_origin_failures.value_or(kConsecutive);
  settings.interval = orDefault(policy.interval, 10s);
  settings.base_ejection = orDefault(policy.base_ejection_time, 30s);
  settings.longest_ejection = std::max(kLongestEjection, settings.base_ejection);
  settings.max_ejected_percent = percent(policy.max_ejection_percent, 10);
  settings.min_healthy_percent = percent(policy.min_health_percent, 0);
  settings.error_codes.insert(policy.outlier_detection_http_error_codes.begin(),
                              policy.outlier_detection_http_error_codes.end());
  return settings;
}

Outcome OutlierSettings::outcomeOf(int status) const {
  if (!error_codes.empty())
    return error_codes.contains(static_cast<uint32_t>(status)) ? Outcome::kError
                                                               : Outcome::kSuccess;
  if (status >= 502 && status <= 504) return Outcome::kGatewayError;
  return status >= 500 ? Outcome::kError : Outcome::kSuccess;
}

uint32_t OutlierSettings::consecutiveFailedConnections() const {
  if (split_local) return consecutive_local_failures;
  if (consecutive_errors == 0 || consecutive_gateway_errors == 0)
    return std::max(consecutive_errors, consecutive_gateway_errors);
  return std::min(consecutive_errors, consecutive_gateway_errors);
}

}  // namespace sluice::balance
