// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/agent/options.h"
#include "userspace/broker/predecessor.h"

namespace sluice::agent {

/// What outlives every agent, and is handed from one sluiced to the next: the sockets that
/// operators and scrapers connect to, and a duplicate of `lock`. `predecessor`: null, or the one
/// whose sockets these shall be, as far as they are where `options` says.
Result<broker::PlaceSockets> openSockets(const Options& options, int lock,
                                         broker::Predecessor* predecessor);

/// The files of those sockets.
void removeSockets(const Options& options);

}  // namespace sluice::agent
