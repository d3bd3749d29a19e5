// SPDX-License-Identifier: Apache-2.0
#include "userspace/steering/route_flags.h"

#include "maps/abi/types.h"
#include "userspace/routing/policy_reasons.h"

namespace sluice::steering {

uint8_t drainFlags(const routing::ServiceRoute& route) {
  using Drain = AgentSettings::Drain;
  uint8_t flags = route.rebalance ? ROUTE_REBALANCE : 0;
  if (route.drain == Drain::kIdle) flags |= ROUTE_DRAIN_IDLE;
  if (route.drain == Drain::kNow) flags |= ROUTE_DRAIN_NOW;
  return flags;
}

uint8_t proxyFlags(const routing::ServiceRoute& route, const AgentSettings& agent) {
  const bool open = agent.fail_policy == AgentSettings::FailPolicy::kOpen;
  uint8_t flags = route.needsOrigin() ? ROUTE_TELL_ORIGIN : 0;
  if (open && routing::takesBareBytes(route)) flags |= ROUTE_FAIL_OPEN;
  return flags;
}

}  // namespace sluice::steering
