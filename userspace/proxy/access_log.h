// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "userspace/base/clock.h"
#include "userspace/model/address.h"
#include "userspace/model/ids.h"
#include "userspace/proxy/config.h"
#include "userspace/proxy/response_flags.h"

namespace sluice::proxy {

/// One request that is over. Borrows everything.
struct RequestRecord {
  WorkloadId workload;
  ServiceId service;
  std::string_view method;     ///< empty when the head could not be read
  std::string_view target;     ///< as sent
  std::string_view authority;  ///< as sent
  int status = 0;              ///< 0: no response
  ResponseFlags flags;
  uint64_t request_bytes = 0;   ///< sent to the server, head included
  uint64_t response_bytes = 0;  ///< sent to the client, head included
  Duration duration{};          ///< from the complete head to the last byte of the response
  const ProxyRoute* route = nullptr;
  const ProxyRule* rule = nullptr;
  const ProxyCluster* cluster = nullptr;
  const ProxyEndpoint* endpoint = nullptr;
};

/// Where workers report requests; called on the worker's thread.
class AccessLog {
 public:
  virtual ~AccessLog() = default;
  virtual void record(const RequestRecord& record) = 0;
};

}  // namespace sluice::proxy
