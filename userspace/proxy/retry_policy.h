// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "userspace/base/clock.h"
#include "userspace/model/resources.h"
#include "userspace/proxy/http1/head.h"

namespace sluice::proxy {

/// How a try has ended that brought no response.
enum class TryFailure : uint8_t {
  kConnect,  ///< no connection could be made
  kReset,    ///< the connection has ended, or what came on it was no response
  kRefused,  ///< HTTP/2: the server has refused the stream and not looked at the request
  kTimeout,  ///< perTryTimeout
};

/// `grpc-status` of a head: of a response without a body (gRPC over HTTP/2: Trailers-Only).
std::optional<int> grpcStatus(const http1::ResponseHead& head);

/// Which tries are repeated, and when. Immutable; used from any thread.
class RetryPolicy {
 public:
  /// No try is repeated.
  RetryPolicy() = default;
  /// Istio: `attempts: 0` switches off; without `retryOn` the default conditions hold.
  static RetryPolicy of(const HttpRetry& written);
  /// What holds where neither a rule nor the mesh says anything (since Istio 1.24).
  static RetryPolicy ofIstio();

  /// How often a request may be repeated; 0: never.
  uint32_t attempts() const { return attempts_; }

  /// `sent`: the server may have seen some of the request.
  /// Envoy: 5xx and gateway-error cover a try without response, too.
  bool covers(TryFailure failure, bool sent) const;
  /// gRPC: what is in the head alone (Envoy), so a status in trailers is not seen.
  bool covers(const http1::ResponseHead& head) const;

  /// How long a response's head may take, from the end of the request; 0: as long as the rule's
  /// timeout allows.
  Duration perTryTimeout() const { return per_try_timeout_; }

  /// How long to wait before repetition `number` (1, 2, …): anything below (2^number - 1) times
  /// the base of 25 ms, ten times the base at most (Istio). `draw`: uniform.
  Duration backOff(uint32_t number, uint64_t draw) const;

  /// Whether endpoints that were tried are avoided; nothing: unless the cluster hashes.
  std::optional<bool> avoidsTried() const { return avoids_tried_; }
  /// Whether the priorities that were tried twice are left out (Envoy: previous_priorities).
  bool triesOtherPriorities() const { return tries_other_priorities_; }

 private:
  enum On : uint32_t {
    k5xx = 1u << 0,
    kGatewayError = 1u << 1,
    kReset = 1u << 2,
    kResetBeforeRequest = 1u << 3,
    kConnectFailure = 1u << 4,
    kRetriable4xx = 1u << 5,
    kRefusedStream = 1u << 6,
    kRateLimited = 1u << 7,
  };

  void add(std::string_view word);
  bool coversStatus(int status) const;

  uint32_t attempts_ = 0;
  uint32_t on_ = 0;       ///< of On
  uint32_t on_grpc_ = 0;  ///< by bit: the status numbers of gRPC
  std::vector<int> statuses_;
  Duration per_try_timeout_{};
  Duration base_ = std::chrono::milliseconds(25);
  std::optional<bool> avoids_tried_;
  bool tries_other_priorities_ = false;
};

}  // namespace sluice::proxy
