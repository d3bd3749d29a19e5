// SPDX-License-Identifier: Apache-2.0
// networking.istio.io, VirtualService.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "userspace/model/http_route.h"

namespace sluice {

/// Istio: L4MatchAttributes. Conditions of a connection.
struct L4Match {
  std::vector<std::string> destination_subnets;  ///< addresses and CIDRs
  std::optional<uint16_t> port;
  std::string source_subnet;  ///< part of the API, without effect in Istio
  Labels source_labels;
  std::vector<std::string> gateways;
  std::string source_namespace;
  friend bool operator==(const L4Match&, const L4Match&) = default;
};

struct TcpRoute {
  std::vector<L4Match> match;  ///< any of them; empty: everything
  std::vector<RouteDestination> route;
  friend bool operator==(const TcpRoute&, const TcpRoute&) = default;
};

/// Istio: TLSMatchAttributes.
struct TlsMatch {
  std::vector<std::string> sni_hosts;
  std::vector<std::string> destination_subnets;
  std::optional<uint16_t> port;
  Labels source_labels;
  std::vector<std::string> gateways;
  std::string source_namespace;
  friend bool operator==(const TlsMatch&, const TlsMatch&) = default;
};

struct TlsRoute {
  std::vector<TlsMatch> match;  ///< any of them
  std::vector<RouteDestination> route;
  friend bool operator==(const TlsRoute&, const TlsRoute&) = default;
};

struct VirtualService {
  Metadata metadata;
  std::vector<std::string> hosts;     ///< empty: a delegate
  std::vector<std::string> gateways;  ///< empty: mesh
  std::vector<HttpRoute> http;
  std::vector<TlsRoute> tls;
  std::vector<TcpRoute> tcp;
  std::vector<std::string> export_to;  ///< empty: everyone
  friend bool operator==(const VirtualService&, const VirtualService&) = default;
};

}  // namespace sluice
