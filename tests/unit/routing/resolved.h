// SPDX-License-Identifier: Apache-2.0
// What routing makes of product-api, for the tests of its parts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/routing/builders.h"
#include "userspace/routing/resolve.h"

namespace sluice::test {

using routing::Cluster;
using routing::ServiceRoute;

inline constexpr const char* kHost = "product-api.default.svc.cluster.local";

/// Gives product-api to subset `subset`.
inline VirtualService sendTo(Metadata metadata, const std::string& subset,
                             const std::string& host = "product-api.default.svc.cluster.local") {
  return virtualService(std::move(metadata), {host}, {route({to(kHost, subset)})});
}

inline VirtualService exported(VirtualService service, std::vector<std::string> to) {
  service.export_to = std::move(to);
  return service;
}

/// Routes of port 80 of product-api as `client` ("default/web") gets them.
inline std::shared_ptr<const ServiceRoute> routeOf(const World& world,
                                                   const std::string& client = "default/web",
                                                   uint16_t port = 80) {
  auto with_client = world;
  const auto slash = client.find('/');
  with_client.add(workload(client.substr(slash + 1), client.substr(0, slash),
                           {{"app", client.substr(slash + 1)}}));
  const auto result = routing::resolve(with_client.snapshot);
  return result.tables.at(result.workload_class.at(client)).services.at({kHost, port});
}

inline std::string subsetOf(const std::shared_ptr<const ServiceRoute>& route) {
  return route->rules->front().destinations.front().key.subset;
}

inline std::vector<std::string> codes(const std::shared_ptr<const ServiceRoute>& route) {
  std::vector<std::string> list;
  for (const auto& reason : route->reasons) list.push_back(reason.code);
  return list;
}

inline std::vector<std::string> addresses(const std::shared_ptr<const Cluster>& cluster) {
  std::vector<std::string> list;
  for (const auto& endpoint : cluster->endpoints) list.push_back(endpoint.address.text());
  return list;
}

/// Requests that `match` holds for go to v2, all others to v1.
inline VirtualService guarded(HttpMatchRequest match) {
  return virtualService(
      meta("vs"), {"product-api"},
      {route({to("product-api", "v2")}, {std::move(match)}), route({to("product-api", "v1")})});
}

}  // namespace sluice::test
