// SPDX-License-Identifier: Apache-2.0
// A registry, DestinationRules and clusters of resources that tests write down.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/routing/builders.h"
#include "userspace/routing/clusters.h"

namespace sluice::test {

using routing::Client;
using routing::Cluster;
using routing::RegistryPort;
using routing::RegistryService;

/// Resources, and what the registry makes of them when it is asked for.
class Mesh {
 public:
  Snapshot snapshot;

  Mesh& add(Service s) { return push(snapshot.services, std::move(s)); }
  Mesh& add(EndpointSlice s) { return push(snapshot.endpoint_slices, std::move(s)); }
  Mesh& add(Endpoints e) { return push(snapshot.endpoints, std::move(e)); }
  Mesh& add(Pod p) { return push(snapshot.pods, std::move(p)); }
  Mesh& add(Node n) { return push(snapshot.nodes, std::move(n)); }
  Mesh& add(Namespace n) { return push(snapshot.namespaces, std::move(n)); }
  Mesh& add(ServiceEntry e) { return push(snapshot.service_entries, std::move(e)); }
  Mesh& add(WorkloadEntry e) { return push(snapshot.workload_entries, std::move(e)); }
  Mesh& add(DestinationRule d) { return push(snapshot.destination_rules, std::move(d)); }
  Mesh& add(Workload w) { return push(snapshot.workloads, std::move(w)); }

  std::shared_ptr<const RegistryService> service(
      const std::string& host, const std::string& client_namespace = "shop") const {
    const routing::Registry registry(snapshot);
    const auto* found = registry.find(host, client_namespace);
    for (const auto& [name, candidates] : registry.hosts())
      for (const auto& candidate : candidates)
        if (candidate.get() == found) return candidate;
    return nullptr;
  }

  std::shared_ptr<const Cluster> cluster(const routing::ClusterKey& key,
                                         const Client& client) const {
    const routing::Registry registry(snapshot);
    const routing::DestinationRules rules(snapshot);
    return routing::Clusters(registry, rules, snapshot.agent).find(key, client);
  }

 private:
  template <typename T>
  Mesh& push(Snapshot::List<T>& list, T item) {
    list.push_back(std::make_shared<const T>(std::move(item)));
    return *this;
  }
};

inline Node node(const std::string& name, const std::string& region, const std::string& zone) {
  Node node;
  node.metadata = meta(name, "");
  node.metadata.labels = {{"topology.kubernetes.io/region", region},
                          {"topology.kubernetes.io/zone", zone}};
  return node;
}

inline Pod pod(const std::string& name, const std::string& ip, Labels labels = {},
               const std::string& on = "", const std::string& in = "shop") {
  Pod pod;
  pod.metadata = meta(name, in);
  pod.metadata.labels = std::move(labels);
  pod.node_name = on;
  pod.pod_ips = {ip};
  return pod;
}

inline Service serviceIn(const std::string& in, const std::string& name, const std::string& ip) {
  auto result = service(name, {ip});
  result.metadata.namespace_ = in;
  return result;
}

/// An endpoint of a pod; ready.
inline SliceEndpoint endpointOf(const std::string& pod, const std::string& ip) {
  SliceEndpoint endpoint;
  endpoint.addresses = {ip};
  endpoint.target_kind = "Pod";
  endpoint.target_name = pod;
  return endpoint;
}

/// Port "http", 8080.
inline EndpointSlice sliceOf(const std::string& service, std::vector<SliceEndpoint> endpoints,
                             const std::string& in = "shop", const std::string& name = "x1") {
  EndpointSlice slice;
  slice.metadata = meta(service + "-" + name, in);
  slice.metadata.labels["kubernetes.io/service-name"] = service;
  slice.address_type = "IPv4";
  slice.ports = {{"http", 8080, "TCP", ""}};
  slice.endpoints = std::move(endpoints);
  return slice;
}

/// Nodes a, b, c of region eu and d of us, each with one pod of `stock`; what runs on a is not
/// ready. All are of version v1.
inline Mesh stock() {
  Mesh mesh;
  std::vector<SliceEndpoint> endpoints;
  for (const std::string zone : {"a", "b", "c", "d"}) {
    mesh.add(node("node-" + zone, zone == "d" ? "us" : "eu", zone));
    const auto ip = "10.1.10." + std::to_string(zone[0] - 'a' + 1);
    mesh.add(pod("stock-" + zone, ip, {{"version", "v1"}}, "node-" + zone));
    endpoints.push_back(endpointOf("stock-" + zone, ip));
    endpoints.back().ready = zone != "a";
    endpoints.back().terminating = false;
  }
  mesh.add(serviceIn("shop", "stock", "10.96.0.17")).add(sliceOf("stock", endpoints));
  mesh.add(pod("web", "10.1.0.10", {{"app", "web"}}, "node-a"));
  return mesh;
}

inline constexpr const char* kStock = "stock.shop.svc.cluster.local";

/// The pod shop/web of a mesh.
inline Client web(const Mesh& mesh) {
  return *routing::findClient(mesh.snapshot, routing::Registry(mesh.snapshot), "shop/web");
}

/// "10.1.1.1:8080", with "!" behind it when it is not ready.
inline std::vector<std::string> endpointsOf(const RegistryPort& port) {
  std::vector<std::string> list;
  for (const auto& endpoint : port.endpoints)
    list.push_back(endpoint.address.text() + (endpoint.ready ? "" : "!"));
  return list;
}

inline DestinationRule rule(const std::string& name, const std::string& in, const std::string& host,
                            int day = 1) {
  DestinationRule result;
  result.metadata = meta(name, in, day);
  result.host = host;
  return result;
}

}  // namespace sluice::test
