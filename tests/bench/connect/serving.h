// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "tests/support/lab.h"

namespace sluice::test {

/// Starts this program again on the host as `role` (its only argument), and returns when it
/// listens.
Result<Process> startServing(const Lab& lab, std::string_view host, const std::string& role);

/// What such a role does: gives `serve` the connections to port 8080 of all addresses of the host,
/// one at a time. Returns, with an exit status, when it cannot listen.
int serveForEver(const std::function<void(const Fd& client)>& serve);

}  // namespace sluice::test
