// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tests/bench/proxy/figures.h"

namespace sluice::test {

/// Everything that is measured with one client, without contenders: the matrix of HTTP/1.1, new
/// connections, HTTP/2, gRPC.
std::vector<Scenario> scenariosOfOneClient();

/// Clients of all pods; the peers are on the node, or beside each client.
Scenario scenarioOfPodsAndNode();
Scenario scenarioOfPodsAndSidecars();

/// One service with many rules beside one with one.
Scenario scenarioOfManyRules();

}  // namespace sluice::test
