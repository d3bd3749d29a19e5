// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/bench/proxy/load.h"

namespace sluice::test {

/// Memory of a proxy, in KiB.
struct IdleMemory {
  size_t before = 0;
  size_t held = 0;  ///< with the connections
};

/// Opens so many connections one after the other, makes a request on each, and looks at the memory
/// while all are open. An answer that is not 200 is an error.
Result<IdleMemory> holdIdleConnections(const Contender& contender, int connections);

}  // namespace sluice::test
