// SPDX-License-Identifier: Apache-2.0
// Addresses as the kernel's records have them, for user space.
#pragma once

#include <arpa/inet.h>

#include <algorithm>

#include "userspace/model/address.h"

namespace sluice::maps {

/// Where a struct of maps/abi/types.h points to by its `address` and `port`.
template <typename Record>
SocketAddress addressOf(const Record& record) {
  SocketAddress address;
  std::ranges::copy(record.address, address.ip.bytes.begin());
  address.port = ntohs(record.port);
  return address;
}

}  // namespace sluice::maps
