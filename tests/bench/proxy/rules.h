// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tests/bench/proxy/load.h"
#include "tests/support/lab.h"

namespace sluice::test {

/// The rule of the benchmark, for Sluice: `user-group: beta` to the second cluster, all else to the
/// first; and `pods`, the clients' hosts, as workloads.
std::string sluiceRules(const Lab& lab, const std::vector<std::string>& pods);

/// Which service speaks `protocol`.
SocketAddress serviceOf(Protocol protocol);

/// Rules in front of the one that takes `user-group: beta`, with it; HTTP/1.1.
inline constexpr int kManyRules = 1000;
SocketAddress serviceWithManyRules();

}  // namespace sluice::test
