// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "userspace/broker/socket_diag.h"

namespace sluice::broker {

/// How long nothing may have come or gone before a connection counts as idle. Longer than the 15 s
/// after which the HTML standard has authors of event streams send a comment, so that a response
/// that streams with pauses is not taken for one that is complete.
inline constexpr std::chrono::seconds kQuiet{20};

/// Whether a client that speaks first, as with HTTP, seems to wait for nothing: both ends have
/// spoken and have read everything, the server was the last to speak, and it was quiet for `quiet`.
///
/// Never of one whose request waits for its answer, however long. Where the last words of both fell
/// into the same tick of the kernel's clock, nobody knows who had the last one: such a connection
/// is not idle until it has been used again.
bool isIdle(const SeenSocket& socket, std::chrono::milliseconds quiet = kQuiet);

}  // namespace sluice::broker
