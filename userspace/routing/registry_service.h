// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/base/shared_vector.h"
#include "userspace/model/resources.h"
#include "userspace/routing/protocol.h"
#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// What subsets, locality rules and internalTrafficPolicy know an endpoint by. Shared by all ports
/// and services that the endpoint is in.
struct EndpointOrigin {
  std::string pod;  ///< "shop/catalog-v1-a", of a Pod or WorkloadEntry; empty when there is none
  std::string locality;  ///< "region/zone/subzone", as far as known
  std::string node;
  /// Of the pod or entry, and (topology.h) of where it runs, which stand before those.
  /// Shared by endpoints that have the same.
  Labels own, place;

  /// Null: no such label.
  const std::string* label(const std::string& name) const;
  bool has(const Labels& selector) const;
  /// All of them.
  Labels labels() const;

  friend bool operator==(const EndpointOrigin&, const EndpointOrigin&) = default;
};

struct RegistryEndpoint {
  SocketAddress address;
  std::shared_ptr<const EndpointOrigin> origin;  ///< never null
  uint32_t weight = 1;
  bool ready = true;
  friend bool operator==(const RegistryEndpoint& a, const RegistryEndpoint& b) {
    return a.address == b.address && a.weight == b.weight && a.ready == b.ready &&
           (a.origin == b.origin || *a.origin == *b.origin);
  }
};

/// Sorts by address. Several sources may hold one, for example while it moves between slices: of
/// those the one that is ready is kept, then the one that knows its pod.
void orderAndUnite(std::vector<RegistryEndpoint>& endpoints);

/// A server that a host name or the path of a unix socket stands for.
struct RegistryName {
  std::string host;  ///< or "unix:///path", "unix://@name"
  uint16_t port = 0;
  std::shared_ptr<const EndpointOrigin> origin;  ///< never null
  uint32_t weight = 1;
  friend bool operator==(const RegistryName& a, const RegistryName& b) {
    return a.host == b.host && a.port == b.port && a.weight == b.weight &&
           (a.origin == b.origin || *a.origin == *b.origin);
  }
};

struct RegistryPort {
  uint16_t number = 0;
  std::string name;
  Protocol protocol = Protocol::kUnknown;
  /// In the order of their addresses, each once; those that are not ready, too. Shared by ports
  /// that have the same.
  SharedVector<RegistryEndpoint> endpoints;
  SharedVector<RegistryName> names = {};
  uint16_t original_port = 0;  ///< ServiceEntry of resolution NONE with targetPort; 0: the called
  friend bool operator==(const RegistryPort&, const RegistryPort&) = default;
};

/// Service: spec.trafficDistribution; Istio takes an annotation, too.
enum class TrafficDistribution : uint8_t { kAny, kPreferSameZone, kPreferSameNode };

struct RegistryService {
  enum class Source : uint8_t { kService, kServiceEntry };
  /// Where endpoints come from. kOriginal: the address that was called (resolution NONE, headless).
  enum class Resolution : uint8_t { kStatic, kOriginal, kDns, kDnsRoundRobin, kDynamicDns, kAlias };

  std::string host;              ///< FQDN; of a ServiceEntry perhaps a wildcard; lower case
  std::string name, namespace_;  // NOLINT(readability-identifier-naming): a keyword
  std::string resource;          ///< "Service/shop/catalog", "ServiceEntry/shop/partner"
  Source source = Source::kService;
  Resolution resolution = Resolution::kStatic;
  bool headless = false;
  bool mesh_external = false;                       ///< ServiceEntry of location MESH_EXTERNAL
  std::vector<std::string> subject_alt_names = {};  ///< that a server's certificate may have
  std::string external_name;                        ///< kAlias: the host that this name stands for
  /// Of a ServiceEntry `addresses` or else those that were allocated. None: headless, an alias, or
  /// `any_address`.
  std::vector<IpAddress> vips;
  std::vector<Subnet> subnets;  ///< CIDRs among `addresses`
  /// Istio: a ServiceEntry without addresses stands for every destination on its TCP ports.
  bool any_address = false;
  std::vector<RegistryPort> ports;  ///< TCP ports, in the order of their numbers
  /// The mesh's default when the resource names none. Empty: everyone.
  std::vector<std::string> export_to;
  std::optional<std::chrono::sys_seconds> creation_timestamp;

  bool session_affinity = false;  ///< ClientIP
  bool node_local = false;        ///< internalTrafficPolicy Local
  TrafficDistribution traffic_distribution = TrafficDistribution::kAny;

  /// Null: no such TCP port.
  const RegistryPort* port(uint16_t number) const;
  friend bool operator==(const RegistryService&, const RegistryService&) = default;
};

}  // namespace sluice::routing
