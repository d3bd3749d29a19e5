// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace sluice::proxy {

/// Appends a time in UTC. Envoy: `format` is strftime's, with %f for the nanoseconds, %1f to %9f
/// for so many digits of the second's fraction, and %s for the seconds since 1970; empty:
/// "2024-05-06T07:08:09.123Z".
void appendTime(std::chrono::system_clock::time_point time, std::string_view format,
                std::string& out);

}  // namespace sluice::proxy
