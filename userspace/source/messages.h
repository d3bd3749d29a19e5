// SPDX-License-Identifier: Apache-2.0
// The messages that are described; each file *_messages.cpp defines those of one API.
#pragma once

#include "userspace/model/resources.h"
#include "userspace/source/description.h"

namespace sluice::source {

// clang-format off: it never comes to rest on a list of macro calls.
#define SLUICE_MESSAGES(X) \
  X(Metadata) \
  X(StringMatch) \
  X(HttpMatchRequest) \
  X(Destination) \
  X(RouteDestination) \
  X(Delay) \
  X(Abort) \
  X(HttpFaultInjection) \
  X(HttpRoute) \
  X(VirtualService) \
  X(LoadBalancerSettings) \
  X(TrafficPolicy) \
  X(Subset) \
  X(DestinationRule) \
  X(ServicePort) \
  X(Service) \
  X(SliceEndpoint) \
  X(SlicePort) \
  X(EndpointSlice) \
  X(Pod) \
  X(Namespace) \
  X(AgentSettings) \
  X(Workload)
// clang-format on

#define SLUICE_DECLARE_MESSAGE(T) \
  template <>                     \
  const Message& describe<T>();
SLUICE_MESSAGES(SLUICE_DECLARE_MESSAGE)
#undef SLUICE_DECLARE_MESSAGE
#undef SLUICE_MESSAGES

}  // namespace sluice::source
