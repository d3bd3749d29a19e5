// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tests/support/lab.h"

namespace sluice::test {

/// The two clusters: this many endpoints each, with HTTP/1.1 on ports from kHttp1Port on and HTTP/2
/// on ports from kHttp2Port on.
inline constexpr int kEndpoints = 10;
inline constexpr uint16_t kHttp1Port = 8100;
inline constexpr uint16_t kHttp2Port = 8200;
inline constexpr const char* kHostOfV1 = "servers-v1";
inline constexpr const char* kHostOfV2 = "servers-v2";

/// nginx with one worker on each of the two hosts. They answer /100, /16384 and /1048576 with as
/// many bytes, /bench.Echo/Say as servers of gRPC do, and say in `x-version` who they are.
Result<std::vector<Process>> startServers(const Lab& lab);

}  // namespace sluice::test
