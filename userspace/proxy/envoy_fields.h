// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "userspace/proxy/http1/chars.h"

namespace sluice::proxy {

inline constexpr std::string_view kRequestIdField = "x-request-id";
inline constexpr std::string_view kForwardedProtoField = "x-forwarded-proto";

/// Fields that Envoy speaks to itself with; what a client sends under such a name means nothing
/// (istio-differences: Header habits).
inline bool isEnvoyField(std::string_view name) {
  constexpr std::string_view kPrefix = "x-envoy-";
  return name.size() > kPrefix.size() &&
         http1::equalsIgnoringCase(name.substr(0, kPrefix.size()), kPrefix);
}

}  // namespace sluice::proxy
