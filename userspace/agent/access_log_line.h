// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "userspace/proxy/request_observer.h"

namespace sluice::agent {

enum class AccessLogFormat { kText, kJson };

/// One request on one line, without its end: the fields of Istio's default access log in their
/// order, by its names and with Envoy's flags, then `sluice_rule` ("shop/catalog#2"),
/// `sluice_workload` and `sluice_grpc_status` (0 to 16). What is unknown is "-" or null.
///
/// Bytes count heads, too, which Envoy's do not. In text, bytes that are not printable ASCII,
/// quotes and backslashes become \xHH, and JSON escapes as JSON does: no client can forge a line.
std::string accessLogLine(const proxy::RequestRecord& record,
                          std::chrono::system_clock::time_point time, AccessLogFormat format);

}  // namespace sluice::agent
