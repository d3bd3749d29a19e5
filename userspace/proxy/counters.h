// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "maps/tables.hpp"
#include "userspace/model/ids.h"

namespace sluice::proxy {

/// The request counters that outlive the agent, in memory that all workers share.
class Counters {
 public:
  explicit Counters(DataPlane& data_plane)
      : services_(data_plane), clusters_(data_plane), endpoints_(data_plane) {}

  /// Ids that are 0 are skipped. `status` 0: no response.
  void request(BindingId binding, ClusterId cluster, EndpointId endpoint, int status);
  void upstreamConnection(BindingId binding, ClusterId cluster, EndpointId endpoint);

 private:
  template <typename Visitor>
  void each(BindingId binding, ClusterId cluster, EndpointId endpoint, Visitor visitor);

  maps::View<Table::kServiceRequests> services_;
  maps::View<Table::kClusterRequests> clusters_;
  maps::View<Table::kEndpointRequests> endpoints_;
};

}  // namespace sluice::proxy
