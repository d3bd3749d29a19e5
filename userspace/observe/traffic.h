// SPDX-License-Identifier: Apache-2.0
// The counters of the kernel and of the proxy, under the names that the ids have.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maps/abi/types.h"
#include "userspace/model/data_plane.h"

namespace sluice::observe {

/// What flowed to one service, destination or endpoint since the maps were made.
struct Counters {
  connection_stats connections{};
  request_stats requests{};

  Counters& operator+=(const Counters& other);
};

struct ServiceTraffic {
  std::string service;  ///< "product-api.default.svc.cluster.local:80": both families, all clients
  Counters counters;
};

struct ClusterTraffic {
  std::string host, port, subset;  ///< of "outbound|80|v1|host"; both families
  Counters counters;
};

struct EndpointTraffic {
  std::string address;  ///< "10.0.0.1:8080"
  uint64_t active = 0;  ///< connections of the connect path that live now
  Counters counters;
};

/// One version of one service's rules.
struct RouteTraffic {
  std::string route;    ///< "product-api.default.svc.cluster.local:80/v4#…": the name of its id
  uint64_t opened = 0;  ///< connections that it decided over
};

/// Each list in the order of its names, each name once.
struct Traffic {
  std::vector<ServiceTraffic> services;
  std::vector<ClusterTraffic> clusters;
  std::vector<EndpointTraffic> endpoints;
  std::vector<RouteTraffic> routes;
};

/// Host, port and subset.
using ClusterName = std::array<std::string, 3>;

/// Of "outbound|80|v1|host@variant/v4", with or without a variant and a family; nothing for a name
/// of another form. What differs between clients is one cluster to those who look at its traffic.
std::optional<ClusterName> splitCluster(std::string_view name);

/// Reads the counters of everything that has a name now; the cost grows with that, not with the
/// capacity of the tables.
Result<Traffic> readTraffic(DataPlane& data_plane);

struct ReasonCount {
  std::string_view label, text;  ///< of maps/abi/reasons.def or endings.def
  uint64_t count = 0;
};

/// Why connections took their path: in the order of reasons.def, zeros included.
Result<std::vector<ReasonCount>> readReasons(DataPlane& data_plane);

/// Why Sluice ended connections: in the order of endings.def, zeros included.
Result<std::vector<ReasonCount>> readEndings(DataPlane& data_plane);

}  // namespace sluice::observe
