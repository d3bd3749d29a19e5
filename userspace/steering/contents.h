// SPDX-License-Identifier: Apache-2.0
// What the kernel's tables hold, as far as steering writes them.
#pragma once

#include <compare>
#include <cstring>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "maps/abi/types.h"
#include "userspace/model/data_plane.h"
#include "userspace/steering/id_book.h"

namespace sluice::steering {

/// A route with its slots; `head.first_slot` says where they are.
struct RouteContent {
  route head{};
  std::vector<alias_slot> slots;
};

/// A cluster with its slots; `head.first_slot` says where they are.
struct ClusterContent {
  cluster_ref head{};
  std::vector<alias_slot> slots;
};

/// Whether two of them mean the same, wherever their slots are.
bool sameContent(const RouteContent& a, const RouteContent& b);
bool sameContent(const ClusterContent& a, const ClusterContent& b);

struct ServiceKeyLess {
  bool operator()(const service_key& a, const service_key& b) const {
    return std::memcmp(&a, &b, sizeof(a)) < 0;
  }
};

using ServiceEntries = std::map<service_key, service, ServiceKeyLess>;
using ExceptionEntries = std::map<std::pair<uint32_t, uint32_t>, uint32_t>;  ///< service, class

/// By id or key. Ids that are not here have never been written, or not since they were freed.
struct Contents {
  ServiceEntries services;
  ExceptionEntries exceptions;
  std::map<uint32_t, binding> bindings;
  std::map<uint32_t, RouteContent> routes;
  std::map<uint32_t, ClusterContent> clusters;
  std::set<uint32_t> endpoints;
  std::set<uint32_t> gone;  ///< of these, those that are marked ENDPOINT_GONE

  /// The endpoint is in the tables, without that mark.
  bool exists(uint32_t endpoint) const {
    return endpoints.contains(endpoint) && !gone.contains(endpoint);
  }
};

/// The names first, then everything that they name.
Result<void> readNames(DataPlane& data_plane, IdBook& book);
Result<Contents> readContents(DataPlane& data_plane, const IdBook& book);

}  // namespace sluice::steering
