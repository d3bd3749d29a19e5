// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "maps/tables.hpp"
#include "userspace/model/address.h"
#include "userspace/model/broker.h"

namespace sluice::broker {

/// Decides by the published tables whether a workload may be connected to an endpoint:
///
///   workloads[workload].client_class == routes[route].client_class, or that is 0 (every class);
///   of one whose record has gone, since it is leaving, the class that it had counts
///   cluster is in a slot of the route, or its fallback
///   endpoint is in a slot of the cluster, or was when keepMembers() was called
///
/// or to the address that one of its connections called:
///
///   routes[route] goes via the proxy and says ROUTE_TELL_ORIGIN
///   the kernel would take a connection to that address for the route's service
class Authorizer {
 public:
  /// Borrows the data plane.
  explicit Authorizer(DataPlane& tables)
      : workloads_(tables),
        services_(tables),
        routes_(tables),
        route_slots_(tables),
        clusters_(tables),
        cluster_slots_(tables),
        endpoints_(tables) {}

  /// The endpoint's address. kPermission: the tables do not allow it; an endpoint that has just
  /// left the route is the usual reason.
  Result<SocketAddress> authorize(const UpstreamTarget& target);

  /// The agent goes by the rules of now from here on, while another one changes the tables: whoever
  /// has left a cluster since then stays allowed, for as long as it has its id. After a failure
  /// nobody does.
  Result<void> keepMembers();
  void forgetMembers() { kept_.clear(); }

 private:
  using ReadSlot = std::function<Result<alias_slot>(uint32_t index)>;
  /// Where a member was found last: {owner, member} -> offset in the owner's slots.
  using Hints = std::map<std::pair<uint32_t, uint32_t>, uint32_t>;

  struct Search {
    uint32_t owner, first, count, member;
    uint32_t slots;  ///< that the table has
  };

  Result<route> routeOf(const UpstreamTarget& target);
  std::optional<uint32_t> classOf(WorkloadId workload);
  Result<void> checkCluster(const route& route, const UpstreamTarget& target);
  Result<void> checkEndpoint(const UpstreamTarget& target);
  Result<void> keepMembersOf(uint32_t cluster, const cluster_ref& ref);
  Result<SocketAddress> authorizeOrigin(const route& route, const UpstreamTarget& target) const;
  Result<SocketAddress> addressOf(EndpointId endpoint) const;
  static Result<bool> contains(const Search& search, Hints& hints, const ReadSlot& read);

  maps::View<Table::kWorkloads> workloads_;
  maps::View<Table::kServices> services_;
  maps::View<Table::kRoutes> routes_;
  maps::View<Table::kRouteSlots> route_slots_;
  maps::View<Table::kClusters> clusters_;
  maps::View<Table::kClusterSlots> cluster_slots_;
  maps::View<Table::kEndpoints> endpoints_;
  Hints cluster_hints_, endpoint_hints_;
  std::vector<std::pair<uint32_t, uint32_t>> kept_;  ///< {cluster, endpoint}, sorted
  std::map<WorkloadId, uint32_t> classes_;           ///< of those that were connected before
};

}  // namespace sluice::broker
