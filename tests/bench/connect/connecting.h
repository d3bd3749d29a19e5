// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/support/lab.h"
#include "userspace/model/address.h"

namespace sluice::test {

/// Of connections that were opened and closed one after the other.
struct ConnectRate {
  double per_second = 0;
  double p50_us = 0, p99_us = 0;  ///< of connect()
};

/// Accepts on port 8080 of all addresses of the host, and closes what it has accepted, until the
/// process goes.
Result<Process> startSink(const Lab& lab, std::string_view host);

/// What `startSink` runs. Returns when it cannot go on.
int sink();

/// One client on the host connects for that long to one after the other of the addresses, each
/// drawn at random; it resets every connection, so that none waits for its end.
Result<ConnectRate> connectFor(const Lab& lab, std::string_view host,
                               const std::vector<SocketAddress>& to, Duration length,
                               uint64_t seed);

}  // namespace sluice::test
