// SPDX-License-Identifier: Apache-2.0
// The full names behind the numbers in the kernel's tables, as the `names` table keeps them.
#pragma once

#include <string>

#include "userspace/routing/health.h"
#include "userspace/routing/route_table.h"

namespace sluice::steering {

inline const char* familySuffix(routing::Family family) {
  return family == routing::Family::kV4 ? "/v4" : "/v6";
}

/// "product-api.default.svc.cluster.local:80/v4".
inline std::string serviceName(const routing::ServiceKey& key, routing::Family family) {
  return key.text() + familySuffix(family);
}

/// "product-api.default.svc.cluster.local:80/v4#namespace=shop"; nothing after # for class 0.
/// The versions of a binding's route have its name too.
inline std::string bindingName(const std::string& service_name, const std::string& class_name) {
  return service_name + "#" + class_name;
}

/// "outbound|80|v1|product-api.default.svc.cluster.local@default/product-api/v4".
inline std::string clusterName(const routing::Cluster& cluster, routing::Family family) {
  return routing::clusterName(cluster) + familySuffix(family);
}

}  // namespace sluice::steering
