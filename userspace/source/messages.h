// SPDX-License-Identifier: Apache-2.0
// The messages that are described; each file *_messages.cpp defines those of one subject.
#pragma once

#include "userspace/model/resources.h"
#include "userspace/source/description.h"

namespace sluice::source {

// Spellings of structs that the API writes in several ways.
struct L4Destination;  ///< RouteDestination in tcp and tls rules: without headers
struct MatchLabels;    ///< WorkloadSelector of a DestinationRule

// clang-format off: it never comes to rest on a list of macro calls.
#define SLUICE_MESSAGES(X) \
  X(Metadata) \
  X(StringMatch) X(Percent) \
  X(HttpMatchRequest) X(Destination) X(RouteDestination) X(HeaderOperations) X(Headers) \
  X(HttpRedirect) X(HttpDirectResponse) X(Delegate) X(RegexRewrite) X(HttpRewrite) X(HttpRetry) \
  X(Delay) X(Abort) X(HttpFaultInjection) X(HttpMirrorPolicy) X(CorsPolicy) X(HttpRoute) \
  X(L4Destination) X(L4Match) X(TcpRoute) X(TlsMatch) X(TlsRoute) X(VirtualService) \
  X(HttpCookie) X(HttpCookie::Attribute) X(ConsistentHash) X(ConsistentHash::RingHash) \
  X(ConsistentHash::Maglev) X(LocalityLbSetting) X(LocalityLbSetting::Distribute) \
  X(LocalityLbSetting::Failover) X(ZoneAwareLbSetting) X(Warmup) X(LoadBalancerSettings) \
  X(TcpKeepalive) X(TcpSettings) X(Http2Keepalive) X(HttpSettings) X(ConnectionPoolSettings) \
  X(OutlierDetection) X(ClientTlsSettings) X(TunnelSettings) X(ProxyProtocolSettings) \
  X(RetryBudget) X(PolicyBlocks) X(PortTrafficPolicy) X(TrafficPolicy) \
  X(MatchLabels) X(WorkloadSelector) X(Subset) X(DestinationRule) \
  X(WorkloadEndpoint) X(ServiceEntryPort) X(ServiceEntry) X(WorkloadEntry) X(Sidecar) \
  X(ServicePort) X(Service) X(SliceEndpoint) X(SlicePort) X(EndpointSlice) \
  X(Endpoints) X(Endpoints::Address) X(Endpoints::EndpointSubset) \
  X(ContainerPort) X(Container) X(Pod) X(Node) X(Namespace) X(Deployment) \
  X(AgentSettings) X(Workload)
// clang-format on

#define SLUICE_DECLARE_MESSAGE(T) \
  template <>                     \
  Message define<T>();
SLUICE_MESSAGES(SLUICE_DECLARE_MESSAGE)
#undef SLUICE_DECLARE_MESSAGE
#undef SLUICE_MESSAGES

}  // namespace sluice::source
