// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "userspace/base/clock.h"
#include "userspace/model/address.h"
#include "userspace/model/ids.h"
#include "userspace/proxy/config.h"
#include "userspace/proxy/response_flags.h"

namespace sluice::proxy {

/// One request that is over, or a connection whose bytes were passed on unseen. Borrows everything.
struct RequestRecord {
  WorkloadId workload;
  ServiceId service;
  bool opaque = false;  ///< a connection, no request
  SocketAddress client;
  const SocketAddress* called = nullptr;  ///< null: the kernel has not told it
  /// What a log wants to know; empty where nobody logs.
  std::string_view protocol;   ///< "HTTP/1.1", "HTTP/2"
  std::string_view method;     ///< empty when the head could not be read
  std::string_view target;     ///< as sent
  std::string_view authority;  ///< as sent
  std::string_view forwarded_for, user_agent, request_id;  ///< of the request's headers
  std::string_view server_name;                            ///< that a ClientHello names
  int status = 0;                                          ///< 0: no response
  bool grpc = false;                                       ///< by the request's content type
  int grpc_status = -1;  ///< -1: no request of gRPC, or no response
  ResponseFlags flags;
  std::string_view details;            ///< Envoy's word for where the answer came from
  std::string_view transport_failure;  ///< why no connection could be encrypted; mostly empty
  uint64_t request_bytes = 0;          ///< sent to the server, head included
  uint64_t response_bytes = 0;         ///< sent to the client, head included
  /// From the complete head, or the first byte of one that stays incomplete, to the last byte of
  /// the response.
  Duration duration{};
  std::optional<Duration> service_time;  ///< from the end of the request to the response's head
  const SocketAddress* upstream_local = nullptr;  ///< of the connection to the server
  const ProxyRoute* route = nullptr;
  const ProxyRule* rule = nullptr;
  const ProxyCluster* cluster = nullptr;
  const ProxyEndpoint* endpoint = nullptr;
  /// Grows with each configuration. What the pointers above point to has come with one of this
  /// number or an older one.
  uint64_t generation = 0;
};

/// Whom workers tell of requests; called on the worker's thread.
class RequestObserver {
 public:
  virtual ~RequestObserver() = default;
  virtual void record(const RequestRecord& record) = 0;
  /// A connection whose bytes will be passed on unseen has been made; record() follows when it is
  /// over. What is known of its destination may change until then.
  virtual void opened(const RequestRecord& /*record*/) {}
};

/// Of one worker; borrowed. Either may be null.
struct Observers {
  RequestObserver* log = nullptr;
  RequestObserver* metrics = nullptr;

  bool none() const { return log == nullptr && metrics == nullptr; }
  void tell(const RequestRecord& record) const {
    if (log != nullptr) log->record(record);
    if (metrics != nullptr) metrics->record(record);
  }
  void tellOpened(const RequestRecord& record) const {
    if (log != nullptr) log->opened(record);
    if (metrics != nullptr) metrics->opened(record);
  }
};

}  // namespace sluice::proxy
