// SPDX-License-Identifier: Apache-2.0
// Rules for connections: spec.tcp and spec.tls of the VirtualServices that name a service.
#pragma once

#include <span>
#include <vector>

#include "userspace/routing/client.h"
#include "userspace/routing/destinations.h"
#include "userspace/routing/virtual_services.h"

namespace sluice::routing {

struct L4Rules {
  std::vector<L4Rule> rules;  ///< the first that fits decides
  std::vector<SkippedRule> skipped;
};

/// Which connections the rules are asked about.
struct CalledPort {
  uint16_t number = 0;
  /// All addresses of the service; empty when it is called by addresses that it does not list.
  std::span<const IpAddress> vips;
};

/// spec.tcp of `services`, which are in the order in which Istio goes through them; the rules of
/// all act side by side, up to the first that takes every connection. An address range beats a
/// wider one wherever it stands in the list, as Envoy's filter chain match has it; what the ranges
/// say of the service's own addresses is decided here.
/// Istio: buildSidecarOutboundTCPFilterChainOpts.
L4Rules compileTcpRules(const std::vector<Candidate>& services, const CalledPort& port,
                        const Client& client, const Destinations& destinations);

/// spec.tls: one rule for each server name, the more specific name first, whatever the order of
/// the list. Istio: buildSidecarOutboundTLSFilterChainOpts.
L4Rules compileTlsRules(const std::vector<Candidate>& services, const CalledPort& port,
                        const Client& client, const Destinations& destinations);

}  // namespace sluice::routing
