// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sluice {

/// The storage of steered sockets, where the kernel's programs note what they did with each. It is
/// the same for all versions of sluiced.
struct ConnectionStore {
  int fd = -1;           ///< of the map `conn_store`; borrowed
  uint32_t edition = 0;  ///< of the tables that are there now; records of others have other ids
};

}  // namespace sluice
