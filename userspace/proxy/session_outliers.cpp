// SPDX-License-Identifier: Apache-2.0
// What an endpoint's failures are reported to.
#include "userspace/proxy/session.h"

namespace sluice::proxy {

void Session::judge(balance::Outcome outcome) {
  if (exchange_.endpoint == nullptr || !exchange_.endpoint->monitor) return;
  exchange_.endpoint->monitor->report(outcome, context_.reactor.now());
}

void Session::judgeAnswer(int status) {
  if (exchange_.endpoint == nullptr || !exchange_.endpoint->monitor) return;
  exchange_.endpoint->monitor->answered(status, context_.reactor.now());
}

}  // namespace sluice::proxy
