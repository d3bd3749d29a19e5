// SPDX-License-Identifier: Apache-2.0
// What rules of the mesh refer to of gateways. Sluice is none itself: only analyses read this.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "userspace/model/metadata.h"

namespace sluice {

/// networking.istio.io
struct Gateway {
  struct Server {
    std::vector<std::string> hosts;  ///< "foo.com", "shop/foo.com", "./*", "*/foo.com"
    friend bool operator==(const Server&, const Server&) = default;
  };
  Metadata metadata;
  Labels selector;
  std::vector<Server> servers;
};

/// gateway.networking.k8s.io
struct KubernetesGateway {
  struct Listener {
    std::string hostname;  ///< empty: every host
    friend bool operator==(const Listener&, const Listener&) = default;
  };
  Metadata metadata;
  std::vector<Listener> listeners;
};

/// security.istio.io
struct RequestAuthentication {
  Metadata metadata;
  Labels selector;  ///< empty: all workloads of the namespace
};

/// MeshConfig, the file of istioctl's --meshConfig, as far as analyses look at it.
struct MeshConfig {
  std::map<std::string, std::string> proxy_metadata;  ///< defaultConfig.proxyMetadata
  std::string root_namespace;                         ///< empty: not said, as below
  std::vector<std::string> default_service_export_to, default_virtual_service_export_to,
      default_destination_rule_export_to;
};

}  // namespace sluice
