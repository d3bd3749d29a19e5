// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "maps/tables.hpp"
#include "userspace/broker/socket_diag.h"
#include "userspace/model/address.h"

namespace sluice::broker {

/// Tells by the published tables where connections of the connect path would go if they were made
/// now. For one look: what it has read it keeps. Where a table does not tell, nothing has changed.
class RouteCheck {
 public:
  explicit RouteCheck(DataPlane& tables)
      : workloads_(tables),
        services_(tables),
        exceptions_(tables),
        bindings_(tables),
        routes_(tables),
        route_slots_(tables),
        clusters_(tables),
        cluster_slots_(tables),
        endpoints_(tables) {}

  /// A route as it is now.
  struct Route {
    uint32_t id = 0;
    uint8_t via = ROUTE_VIA_NONE;
    uint8_t flags = 0;
    std::map<uint32_t, double> shares;  ///< of its clusters, those without any left out
    std::optional<std::set<SocketAddress>> endpoints;  ///< of these; none: not needed yet
  };

  /// Of the workload, service and class that the connection is of; null: none, so that it is left
  /// alone. `socket` isConnected(). Valid as long as this object.
  Route* routeOf(const SeenSocket& socket);

  /// Whether nothing leads there any more: the route has not the connection's cluster, nor has any
  /// of its clusters the endpoint; or the proxy decides for each request now. An endpoint that its
  /// cluster has lost, because it terminates or fails, has not left the route.
  bool hasLeft(const SeenSocket& socket, Route& route);

 private:
  /// Whose, and which address was called.
  using Caller = std::tuple<uint64_t, SocketAddress>;

  uint32_t findRoute(const connection& connection) const;
  Route read(uint32_t id) const;
  void addShares(const alias_slot& slot, double whole, Route& route) const;
  std::set<SocketAddress> endpointsOf(const Route& route) const;
  void addEndpoints(uint32_t cluster, std::set<SocketAddress>& addresses) const;

  maps::View<Table::kWorkloads> workloads_;
  maps::View<Table::kServices> services_;
  maps::View<Table::kExceptions> exceptions_;
  maps::View<Table::kBindings> bindings_;
  maps::View<Table::kRoutes> routes_;
  maps::View<Table::kRouteSlots> route_slots_;
  maps::View<Table::kClusters> clusters_;
  maps::View<Table::kClusterSlots> cluster_slots_;
  maps::View<Table::kEndpoints> endpoints_;
  std::map<Caller, uint32_t> found_;  ///< 0: no route
  std::map<uint32_t, Route> known_;
};

}  // namespace sluice::broker
