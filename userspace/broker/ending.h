// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/broker/socket_diag.h"
#include "userspace/model/connection_store.h"
#include "userspace/model/data_plane.h"

namespace sluice::broker {

/// Ends a connection of the connect path (SocketDiag::destroy) and counts it, under endings.def and
/// with what it is remembered by. Answers whether it was still there.
Result<bool> end(const SocketDiag& diag, const SeenSocket& socket, sluice_ending why,
                 DataPlane& tables);

/// What the tables tell about it can be used: it was steered to an endpoint by the tables that are
/// there now.
bool isConnected(const SeenSocket& socket, const ConnectionStore& store);

}  // namespace sluice::broker
