// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "userspace/base/clock.h"

namespace sluice::proxy {

/// The value of `grpc-timeout`, "200m" (gRPC over HTTP/2: at most 8 digits and one of H M S m u n).
/// 0 for what is none, and for 0: no limit (Envoy).
Duration grpcTimeout(std::string_view value);

/// How long a request of gRPC may take. Istio: as long as it says itself, and no longer than the
/// rule allows; 0 stands for no limit in both.
Duration cappedTimeout(Duration own, Duration of_rule);

/// The value of `grpc-timeout` for `timeout`, which is more than 0. Envoy: in milliseconds, or the
/// smallest unit that has enough digits; at least "1m".
std::string grpcTimeoutText(Duration timeout);

}  // namespace sluice::proxy
