// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "userspace/base/reactor.h"
#include "userspace/proxy/config.h"
#include "userspace/proxy/http1/body.h"
#include "userspace/proxy/request_id.h"
#include "userspace/proxy/response_flags.h"
#include "userspace/proxy/retry_limits.h"
#include "userspace/proxy/upstream_channel.h"
#include "userspace/routing/cors.h"

namespace sluice::proxy {

/// Empties a text, and keeps the memory if it is not so much that an idle connection should not
/// have it.
inline void emptyText(std::string& text) {
  constexpr size_t kMostKept = 4096;
  text.clear();
  if (text.capacity() > kMostKept) text.shrink_to_fit();
}

/// What the access log says of a request, as it was sent; empty where nobody logs.
struct Logged {
  std::string method, target, authority, forwarded_for, user_agent, request_id, server_name;

  void clear() {
    for (auto* text :
         {&method, &target, &authority, &forwarded_for, &user_agent, &request_id, &server_name})
      emptyText(*text);
  }
};

/// What is known of the request that a session works on. The head itself stays in the buffer.
struct Exchange {
  // The request.
  TimePoint started;
  size_t head_size = 0;
  http1::Body request_body;
  bool is_head = false;
  bool idempotent = false;
  bool http10 = false;
  bool wants_upgrade = false;
  bool rewrite_needed = false;
  bool grpc = false;        ///< answers of the proxy's own are those of gRPC
  Duration grpc_timeout{};  ///< of `grpc-timeout`; 0: none
  bool close = false;       ///< the client's connection ends with this exchange
  RequestId request_id;     ///< that is added; none: the client has sent one, or nobody wants it
  TimePoint read;           ///< when the last byte of the request was; zero: it was not yet
  Logged logged;
  std::string default_host;  ///< where the request names none
  std::string client_head;   ///< as it came, once the buffer has what the server gets; else empty
  std::string head_copy;     ///< the request as operations on its response see it, if some do
  routing::CorsVerdict::Headers cors;  ///< of the response, whoever gives it

  // The decision. Points into the route that the session holds.
  const ProxyRule* rule = nullptr;
  const ProxyCluster* cluster = nullptr;
  const ProxyEndpoint* endpoint = nullptr;
  ProxyEndpoint origin;  ///< the address called, where the connection goes on to it; of no number
  Transport transport;   ///< of `cluster`
  std::optional<uint64_t> hash;  ///< of what the cluster hashes (Caller)
  std::string set_cookie;        ///< for the response: the cookie that was made for the hash
  bool faults_drawn = false;
  bool has_destination = false;  ///< `cluster` exists, and nothing of the rule stands before it
  bool opaque = false;           ///< no request but a connection whose bytes are passed on unseen
  bool past_rules = false;       ///< no rule concerns it: the service as if there were none

  // The tries.
  std::vector<EndpointId> tried;  ///< those that are over
  uint32_t retries = 0;           ///< how many tries were repetitions, by the policy
  RetryLimits::Share share;       ///< of the cluster's requests
  RetryLimits::Share retry_share;
  bool mirrored = false;               ///< its copies, if any, are sent
  bool interim = false;                ///< a 1xx has been passed on: the request has been seen
  size_t interim_size = 0;             ///< of all of them, by http1::kLeastInterimBytes
  bool fresh_connection_only = false;  ///< a reused one has turned out closed
  uint64_t parked_generation = 0;
  std::optional<TimePoint> rerouted = std::nullopt;  ///< when first

  // The response.
  http1::Body response_body;
  bool response_started = false;  ///< its final head was read
  bool response_ended = false;    ///< its last byte was read
  bool upstream_reusable = false;
  bool upstream_used_up = false;  ///< takes no more of the request
  bool unchunk = false;
  bool counted = false;
  int status = 0;
  int grpc_status = -1;  ///< of its head, or of the proxy's own answer; -1: there is none
  ResponseFlags flags;
  std::string_view details;  ///< of RequestRecord; lives for ever
  std::optional<Duration> service_time;
  std::optional<SocketAddress> upstream_local;  ///< where somebody logs
  std::string transport_failure;  ///< why the encryption of the last try has failed; for the log
  uint64_t request_bytes = 0, response_bytes = 0;

  Reactor::TimerId delay_timer = 0;
  Reactor::TimerId back_off_timer = 0;
  Reactor::TimerId try_timer = 0;
  Reactor::TimerId timeout_timer = 0;

  /// The request is over as far as the limits of its cluster are concerned.
  void releaseShares() {
    retry_share.release();
    share.release();
  }
  bool requestRead() const { return request_body.done(); }

  /// As new, with the memory of what most requests fill.
  void reset();
};

}  // namespace sluice::proxy
