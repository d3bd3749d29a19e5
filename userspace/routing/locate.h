// SPDX-License-Identifier: Apache-2.0
// Which service a call meets, for `explain`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/routing/explain.h"

namespace sluice::routing {

/// What a call names, before anything is sent.
struct CalledTarget {
  std::optional<IpAddress> address;  ///< absent: a name that no service gives an address
  uint16_t port = 0;
  std::string text;                             ///< "10.96.0.10:80", or the name with the port
  std::shared_ptr<const ServiceRoute> service;  ///< null: the name or address is no service's
  ExplainedService name;
};

CalledTarget findTarget(const RouteTable& table, const AgentSettings& agent,
                        const ExplainRequest& request);

/// Who decides about a connection.
struct Listener {
  enum class Kind {
    kNone,     ///< nobody: it is passed on, or refused
    kService,  ///< one service: its address was called, or a range that it has
    kHosts     ///< httpMode istio: the Host header
  };
  Kind kind = Kind::kNone;
  std::shared_ptr<const ServiceRoute> service;  ///< kService
  const VirtualHosts* hosts = nullptr;          ///< kHosts
  std::string how;                              ///< of a range, how it was found
};

Listener findListener(const RouteTable& table, const CalledTarget& target,
                      const ExplainRequest& request);

/// Whether the client may not see the route's service.
bool isHidden(const ServiceRoute& route);

/// Whether one of `patterns`, wildcards included, covers the server name, in any letter case.
bool coversServerName(const std::vector<std::string>& patterns, std::string_view sni);

}  // namespace sluice::routing
