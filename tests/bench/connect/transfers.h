// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "tests/support/lab.h"
#include "userspace/model/address.h"

namespace sluice::test {

/// What a client does with a connection that it has opened once.
enum class Transfer {
  kExchanges,  ///< a request of 1 KiB, its answer of 1 KiB, and so on
  kBulk,       ///< receives as much as it can
};

/// Serves both kinds on port 8080 of all addresses of the host, a connection at a time, until the
/// process goes.
Result<Process> startTalker(const Lab& lab, std::string_view host);

/// What `startTalker` runs. Returns when it cannot go on.
int talker();

/// Exchanges or bytes a second, over `length`.
Result<double> transferFor(const Lab& lab, std::string_view host, const SocketAddress& to,
                           Transfer transfer, Duration length);

}  // namespace sluice::test
