// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "userspace/model/resources.h"
#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// A ready endpoint and the labels that subsets choose by.
struct RegistryEndpoint {
  SocketAddress address;
  std::string pod;  ///< "shop/catalog-v1-a"; empty when the slice names none
  Labels labels;    ///< of the pod
};

struct RegistryPort {
  uint16_t number = 0;
  std::string name;
  Protocol protocol = Protocol::kUnknown;
  std::vector<RegistryEndpoint> endpoints;  ///< in the order of their addresses, each once
};

struct RegistryService {
  std::string host;                    ///< FQDN
  std::string name, namespace_;        // NOLINT(readability-identifier-naming): a keyword
  std::vector<IpAddress> vips;         ///< none: headless, reached by its endpoints' addresses
  std::vector<RegistryPort> ports;     ///< TCP ports, in the order of the Service
  std::vector<std::string> export_to;  ///< annotation networking.istio.io/exportTo

  const RegistryPort* port(uint16_t number) const;
};

/// Services with their ready endpoints, by FQDN.
class Registry {
 public:
  explicit Registry(const Snapshot& snapshot);

  const RegistryService* find(const std::string& host) const;
  const std::map<std::string, RegistryService>& services() const { return services_; }

 private:
  std::map<std::string, RegistryService> services_;
};

/// Istio: appProtocol, else the port's name up to the first dash, else by well-known numbers.
Protocol protocolOf(const ServicePort& port);

/// Whether `http` rules apply to ports of `protocol`.
bool isHttp(Protocol protocol);

}  // namespace sluice::routing
