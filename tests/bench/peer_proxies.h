// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tests/support/lab.h"

namespace sluice::test {

/// The two clusters of the benchmark: this many servers each, on ports from kFirstPort on.
inline constexpr int kEndpoints = 10;
inline constexpr uint16_t kFirstPort = 8100;
inline constexpr const char* kHostOfV1 = "product-api-v1-a";
inline constexpr const char* kHostOfV2 = "product-api-v2";

/// A proxy beside the client, with the rule of the benchmark: `user-group: beta` to the second
/// cluster, all else to the first.
struct PeerProxy {
  std::string name;
  std::string url;  ///< without path
  pid_t process = 0;
};

/// The servers, nginx with one worker on each of the two hosts. They answer /100, /16384 and
/// /1048576 with as many bytes, and say in `x-version` who they are.
Result<std::vector<Process>> startServers(const Lab& lab);

/// Which of HAProxy, nginx and Envoy are installed. `envoy`: path of the program; may be empty.
Result<std::vector<PeerProxy>> startPeerProxies(const Lab& lab, const std::string& envoy,
                                                std::vector<Process>& processes);

}  // namespace sluice::test
