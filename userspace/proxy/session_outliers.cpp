// SPDX-License-Identifier: Apache-2.0
// What an endpoint's failures are reported to.
#include "userspace/model/grpc_status.h"
#include "userspace/proxy/retry_policy.h"
#include "userspace/proxy/session.h"

namespace sluice::proxy {

void Session::judge(balance::Outcome outcome) {
  if (exchange_.endpoint == nullptr || !exchange_.endpoint->monitor) return;
  exchange_.endpoint->monitor->report(outcome, context_.reactor.now());
}

/// Envoy: of gRPC what its status stands for, where it is in the head.
void Session::judgeAnswer() {
  if (exchange_.endpoint == nullptr || !exchange_.endpoint->monitor) return;
  int status = context_.response_head.status;
  if (exchange_.grpc)
    if (const auto grpc = grpcStatus(context_.response_head)) status = httpStatusOfGrpc(*grpc);
  exchange_.endpoint->monitor->answered(status, context_.reactor.now());
}

}  // namespace sluice::proxy
