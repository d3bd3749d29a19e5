// SPDX-License-Identifier: Apache-2.0
// Short ways to write the resources that routing and steering are tested with.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "userspace/model/resources.h"

namespace sluice::test {

/// A Snapshot that grows; lists keep the order in which things were added.
class World {
 public:
  Snapshot snapshot;

  World& add(VirtualService v) { return push(snapshot.virtual_services, std::move(v)); }
  World& add(DestinationRule d) { return push(snapshot.destination_rules, std::move(d)); }
  World& add(Service s) { return push(snapshot.services, std::move(s)); }
  World& add(EndpointSlice s) { return push(snapshot.endpoint_slices, std::move(s)); }
  World& add(Pod p) { return push(snapshot.pods, std::move(p)); }
  World& add(ServiceEntry e) { return push(snapshot.service_entries, std::move(e)); }
  World& add(Sidecar s) { return push(snapshot.sidecars, std::move(s)); }
  World& add(Workload w) { return push(snapshot.workloads, std::move(w)); }

  /// A Pod with one address, and its endpoint in a slice of `service`.
  World& addEndpoint(const std::string& service, const std::string& ip, const Labels& labels,
                     uint16_t port = 8080, const std::string& port_name = "http") {
    const std::string name = service + "-" + ip;
    Pod pod;
    pod.metadata.name = name;
    pod.metadata.labels = labels;
    pod.pod_ips = {ip};
    EndpointSlice slice;
    slice.metadata.name = name;
    slice.metadata.labels["kubernetes.io/service-name"] = service;
    slice.address_type = ip.find(':') == std::string::npos ? "IPv4" : "IPv6";
    slice.ports = {{.name = port_name, .port = port, .protocol = "TCP", .app_protocol = ""}};
    SliceEndpoint endpoint;
    endpoint.addresses = {ip};
    endpoint.target_kind = "Pod";
    endpoint.target_name = name;
    slice.endpoints = {endpoint};
    return add(pod).add(slice);
  }

 private:
  template <typename T>
  World& push(Snapshot::List<T>& list, T item) {
    list.push_back(std::make_shared<const T>(std::move(item)));
    return *this;
  }
};

inline Metadata meta(std::string name, std::string in = "default", int day = 1) {
  Metadata metadata;
  metadata.name = std::move(name);
  metadata.namespace_ = std::move(in);
  metadata.creation_timestamp = std::chrono::sys_seconds(std::chrono::hours(24 * day));
  return metadata;
}

inline Service service(const std::string& name, std::vector<std::string> ips,
                       std::vector<std::pair<std::string, uint16_t>> ports = {{"http", 80}}) {
  Service result;
  result.metadata = meta(name);
  result.cluster_ips = std::move(ips);
  for (const auto& [port_name, number] : ports) {
    ServicePort port;
    port.name = port_name;
    port.port = number;
    result.ports.push_back(port);
  }
  return result;
}

inline Workload workload(const std::string& name, const std::string& in = "default",
                         Labels labels = {}) {
  Workload result;
  result.metadata = meta(name, in);
  result.metadata.labels = std::move(labels);
  return result;
}

inline RouteDestination to(const std::string& host, const std::string& subset = "",
                           uint32_t weight = 0) {
  RouteDestination destination;
  destination.destination.host = host;
  destination.destination.subset = subset;
  destination.weight = weight;
  return destination;
}

inline HttpRoute route(std::vector<RouteDestination> destinations,
                       std::vector<HttpMatchRequest> matches = {}) {
  HttpRoute result;
  result.route = std::move(destinations);
  result.match = std::move(matches);
  return result;
}

inline StringMatch exact(std::string text) { return {StringMatch::Kind::kExact, std::move(text)}; }
inline StringMatch prefix(std::string text) {
  return {StringMatch::Kind::kPrefix, std::move(text)};
}
inline StringMatch regex(std::string text) { return {StringMatch::Kind::kRegex, std::move(text)}; }
inline StringMatch present() { return {StringMatch::Kind::kPresent, ""}; }

inline HttpMatchRequest header(const std::string& name, StringMatch value) {
  HttpMatchRequest match;
  match.headers[name] = std::move(value);
  return match;
}

inline VirtualService virtualService(Metadata metadata, std::vector<std::string> hosts,
                                     std::vector<HttpRoute> http) {
  VirtualService result;
  result.metadata = std::move(metadata);
  result.hosts = std::move(hosts);
  result.http = std::move(http);
  return result;
}

/// A rule that answers `status` itself.
inline HttpRoute answer(int status, std::vector<HttpMatchRequest> matches = {}) {
  HttpRoute result;
  result.direct_response = HttpDirectResponse{.status = status, .body = {}};
  result.match = std::move(matches);
  return result;
}

inline HttpMatchRequest uri(StringMatch value) {
  HttpMatchRequest match;
  match.uri = std::move(value);
  return match;
}

/// A ServiceEntry of one host and one port, whose servers are `endpoints`.
inline ServiceEntry entry(const std::string& host, const std::string& protocol, uint16_t port,
                          std::vector<std::string> endpoints,
                          std::vector<std::string> addresses = {}) {
  ServiceEntry result;
  result.metadata = meta(host);
  result.hosts = {host};
  result.addresses = std::move(addresses);
  result.ports = {{port, protocol, "port", std::nullopt}};
  result.resolution = ServiceEntry::Resolution::kStatic;
  for (auto& address : endpoints) {
    WorkloadEndpoint endpoint;
    endpoint.address = std::move(address);
    result.endpoints.push_back(endpoint);
  }
  return result;
}

/// Subsets v1, v2, … by the label `version`.
inline DestinationRule versions(Metadata metadata, const std::string& host,
                                const std::vector<std::string>& names = {"v1", "v2"}) {
  DestinationRule result;
  result.metadata = std::move(metadata);
  result.host = host;
  for (const auto& name : names) {
    Subset subset;
    subset.name = name;
    subset.labels["version"] = name;
    result.subsets.push_back(subset);
  }
  return result;
}

/// A rule that asks for TLS to `host`.
inline DestinationRule tlsTo(Metadata metadata, const std::string& host) {
  DestinationRule result;
  result.metadata = std::move(metadata);
  result.host = host;
  result.traffic_policy.emplace().tls.emplace().mode = ClientTlsSettings::Mode::kSimple;
  return result;
}

/// Service `product-api` with two endpoints of v1 and one of v2, and its subsets.
inline World productApi() {
  World world;
  world.add(service("product-api", {"10.96.0.10"}))
      .addEndpoint("product-api", "10.1.0.1", {{"version", "v1"}})
      .addEndpoint("product-api", "10.1.0.2", {{"version", "v1"}})
      .addEndpoint("product-api", "10.1.0.3", {{"version", "v2"}})
      .add(versions(meta("product-api"), "product-api"));
  return world;
}

/// The same in httpMode istio.
inline World whereHostDecides() {
  auto world = productApi();
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  return world;
}

}  // namespace sluice::test
