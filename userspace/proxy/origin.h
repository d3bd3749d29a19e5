// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "userspace/model/address.h"
#include "userspace/model/ids.h"

namespace sluice::proxy {

/// Who called which service.
struct Origin {
  WorkloadId workload;
  ServiceId service;
  SocketAddress client;
  std::optional<SocketAddress> called = {};  ///< as far as the kernel has told it
};

}  // namespace sluice::proxy
