// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "maps/tables.hpp"
#include "userspace/model/address.h"

namespace sluice::broker {

/// The service of an address and port, as walk_service() of maps/lib/walk.h finds it.
std::optional<service> calledService(const maps::View<Table::kServices>& services,
                                     const SocketAddress& called);

}  // namespace sluice::broker
