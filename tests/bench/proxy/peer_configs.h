// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tests/support/lab.h"

namespace sluice::test {

/// Where one instance of a peer listens and what tells its files from those of others.
struct PeerPlace {
  std::string name;     ///< of the instance
  std::string address;  ///< to listen on
  uint16_t http1_port = 0, http2_port = 0;
};

/// Configurations of the peers for the rule of the benchmark: `user-group: beta` to the second
/// cluster, all else to the first; HTTP/1.1 to the servers on one port and HTTP/2 on the other. All
/// have two threads or processes, connections to servers that are kept, the least loaded server
/// first, and no access log.
std::string haproxyConfig(const Lab& lab, const PeerPlace& place);
/// To servers nginx speaks HTTP/2 by grpc_pass alone.
std::string nginxConfig(const Lab& lab, const PeerPlace& place);
std::string envoyConfig(const Lab& lab, const PeerPlace& place);

}  // namespace sluice::test
