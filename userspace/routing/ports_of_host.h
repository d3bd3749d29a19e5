// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "userspace/routing/route_table.h"
#include "userspace/routing/virtual_hosts.h"

namespace sluice::routing {

/// The ports of one host in a table, for those who bring them to new routes. A route that is what
/// it was stays the object that it was.
class PortsOfHost {
 public:
  /// Borrows both.
  PortsOfHost(const std::string& host, ServiceRoutes& services)
      : host_(host), services_(services) {}

  /// Of class 0. What stays is put into `routes`, too.
  void setCommon(PortRoutes& routes);
  /// Of any other class. `common`: what class 0 has now; the table still has what that had.
  void setOwn(PortRoutes& routes, const ServiceRoutes::Map& common);
  /// As `other` has them; the table is not class 0's.
  void copyOwn(const ServiceRoutes& other);

 private:
  const std::string& host_;
  ServiceRoutes& services_;
};

}  // namespace sluice::routing
