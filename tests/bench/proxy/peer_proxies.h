// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tests/bench/proxy/load_tools.h"
#include "tests/support/lab.h"

namespace sluice::test {

/// HAProxy, nginx or Envoy, with the rule of the benchmark.
struct PeerProxy {
  std::string name;
  SocketAddress http1, http2;  ///< where it listens; gRPC is on the port of HTTP/2
  Process process;

  const SocketAddress& address(Protocol protocol) const {
    return protocol == Protocol::kHttp1 ? http1 : http2;
  }
};

/// Those of the three that are installed, in `place`, listening on `address`; `envoy` is the path
/// of that program and may be empty. Returns when all answer.
Result<std::vector<PeerProxy>> startPeers(const Lab& lab, const Place& place,
                                          const IpAddress& address, const std::string& envoy);

}  // namespace sluice::test
