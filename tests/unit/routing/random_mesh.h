// SPDX-License-Identifier: Apache-2.0
// A small world of all kinds of resources that routing reads, changed at random.
#pragma once

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/routing/mesh_fixture.h"

namespace sluice::test {

/// There are few names, so that resources meet: they define one host, name each other, or do not.
class RandomMesh {
 public:
  const Snapshot& snapshot() const { return snapshot_; }

  /// One change, which depends on `seed` and on what there is. Says what it was.
  std::string step(uint32_t seed) {
    random_.seed(seed);
    static constexpr std::array kSteps = {&RandomMesh::changeVirtualService,
                                          &RandomMesh::changeVirtualService,
                                          &RandomMesh::changeVirtualService,
                                          &RandomMesh::changeDestinationRule,
                                          &RandomMesh::changeDestinationRule,
                                          &RandomMesh::changeService,
                                          &RandomMesh::changeService,
                                          &RandomMesh::changeSlice,
                                          &RandomMesh::changeSlice,
                                          &RandomMesh::changeEndpoints,
                                          &RandomMesh::changePod,
                                          &RandomMesh::changePod,
                                          &RandomMesh::changeNode,
                                          &RandomMesh::changeNamespace,
                                          &RandomMesh::changeEntry,
                                          &RandomMesh::changeEntry,
                                          &RandomMesh::changeWorkloadEntry,
                                          &RandomMesh::changeSidecar,
                                          &RandomMesh::changeWorkload,
                                          &RandomMesh::rename,
                                          &RandomMesh::rename,
                                          &RandomMesh::changeAgent};
    return (this->*kSteps[below(kSteps.size())])();
  }

 private:
  template <typename T>
  using List = Snapshot::List<T>;

  uint32_t below(size_t count) { return static_cast<uint32_t>(random_() % count); }
  bool chance(uint32_t of) { return below(of) == 0; }
  template <size_t size>
  std::string oneOf(const std::array<const char*, size>& words) {
    return words[below(size)];
  }
  std::string in() { return oneOf<2>({"shop", "other"}); }
  std::string name() { return oneOf<3>({"a", "b", "c"}); }
  std::string version() { return oneOf<2>({"v1", "v2"}); }
  std::string ip() { return "10.0.0." + std::to_string(1 + below(6)); }
  std::string vip() { return "10.96.0." + std::to_string(below(9)); }
  int age() { return static_cast<int>(1 + below(3)); }
  std::vector<std::string> exports() {
    if (!chance(3)) return {};
    return {oneOf<5>({".", "other", "shop", "*", "~"})};
  }
  Labels app() { return {{"app", name()}}; }

  /// A name that rules may use: of services, with and without namespace, and of others.
  std::string host() {
    return oneOf<10>({"a", "b", "c", "a.shop.svc.cluster.local", "b.other.svc.cluster.local",
                      "api.example", "www.api.example", "b.shop", "nobody.example",
                      "second.example"});
  }
  std::string hostOrWildcard() {
    return chance(4) ? oneOf<4>({"*", "*.cluster.local", "*.example", "*.shop.svc.cluster.local"})
                     : host();
  }

  template <typename T>
  static auto placeOf(Snapshot::Selection<T>& list, const std::string& key) {
    return std::ranges::lower_bound(list, key, {},
                                    [](const auto& present) { return present->metadata.key(); });
  }

  /// The new one takes the place of one of its name, or of nothing; sometimes it goes instead.
  template <typename T>
  std::string change(const char* kind, List<T>& list, T item) {
    const auto key = item.metadata.key();
    auto& items = list.edit();
    const auto at = placeOf(items, key);
    const bool there = at != items.end() && (*at)->metadata.key() == key;
    if (there && chance(3)) {
      items.erase(at);
      return std::string("delete ") + kind + " " + key;
    }
    put(list, std::move(item));
    return std::string(there ? "change " : "add ") + kind + " " + key;
  }

  template <typename T>
  static void put(List<T>& list, T item) {
    const auto key = item.metadata.key();
    auto& items = list.edit();
    const auto at = placeOf(items, key);
    auto made = std::make_shared<const T>(std::move(item));
    if (at != items.end() && (*at)->metadata.key() == key)
      *at = std::move(made);
    else
      items.insert(at, std::move(made));
  }

  std::string rename() {
    switch (below(5)) {
      case 0:
        return renameIn("VirtualService", snapshot_.virtual_services);
      case 1:
        return renameIn("DestinationRule", snapshot_.destination_rules);
      case 2:
        return renameIn("Service", snapshot_.services);
      case 3:
        return renameIn("ServiceEntry", snapshot_.service_entries);
      default:
        return renameIn("Workload", snapshot_.workloads);
    }
  }

  template <typename T>
  std::string renameIn(const char* kind, List<T>& list) {
    if (list.empty()) return "nothing";
    const size_t at = below(list.size());
    T item = *list[at];
    const auto before = item.metadata.key();
    list.edit().erase(list.edit().begin() + static_cast<std::ptrdiff_t>(at));
    item.metadata.name = name();
    if (chance(2)) item.metadata.namespace_ = in();
    const auto after = item.metadata.key();
    put(list, std::move(item));
    return std::string("rename ") + kind + " " + before + " to " + after;
  }

  HttpMatchRequest match() {
    auto match = header("x", exact(version()));
    if (chance(4)) match.headers.clear();
    if (chance(4)) match.source_labels = app();
    if (chance(5)) match.source_namespace = in();
    if (chance(5)) match.port = static_cast<uint16_t>(80 + below(2));
    if (chance(8)) match.gateways = {oneOf<2>({"mesh", "shop/gate"})};
    return match;
  }

  RouteDestination destination() {
    auto destination = to(host(), chance(2) ? version() : "", 1 + below(2));
    if (chance(3)) destination.destination.port = static_cast<uint16_t>(80 + below(3));
    return destination;
  }

  HttpRoute httpRoute(bool may_delegate) {
    HttpRoute rule;
    if (chance(2)) rule.match = {match()};
    if (may_delegate && chance(3)) {
      rule.delegate = Delegate{name(), chance(2) ? in() : ""};
      return rule;
    }
    rule.route = {destination()};
    if (chance(3)) rule.route.push_back(destination());
    if (chance(5)) rule.mirrors = {HttpMirrorPolicy{destination().destination, std::nullopt}};
    return rule;
  }

  std::string changeVirtualService() {
    VirtualService service;
    service.metadata = meta(name(), in(), age());
    const bool leaf = chance(4);
    if (!leaf) service.hosts = {hostOrWildcard()};
    if (!leaf && chance(3)) service.hosts.push_back(hostOrWildcard());
    for (auto rules = 1 + below(2); rules > 0; --rules) service.http.push_back(httpRoute(!leaf));
    if (!leaf && chance(3)) service.tcp = {TcpRoute{{}, {destination()}}};
    if (!leaf && chance(4)) {
      TlsMatch wanted;
      wanted.sni_hosts = {host()};
      if (chance(3)) wanted.source_labels = app();
      service.tls = {TlsRoute{{wanted}, {destination()}}};
    }
    if (chance(8)) service.gateways = {"shop/gate"};
    service.export_to = exports();
    return change("VirtualService", snapshot_.virtual_services, std::move(service));
  }

  std::string changeDestinationRule() {
    auto rule = test::rule(name(), in(), hostOrWildcard(), age());
    rule.subsets = {{version(), {{"version", version()}}, std::nullopt}};
    rule.export_to = exports();
    if (chance(4)) rule.workload_selector = WorkloadSelector{app()};
    if (chance(3)) {
      rule.traffic_policy.emplace();
      rule.traffic_policy->outlier_detection.emplace();
    }
    return change("DestinationRule", snapshot_.destination_rules, std::move(rule));
  }

  std::string changeService() {
    auto service = serviceIn(in(), name(), chance(4) ? "None" : vip());
    if (chance(3)) service.ports[0].name = oneOf<3>({"tcp", "", "tls"});
    if (chance(3)) {
      service.ports.push_back(service.ports[0]);
      service.ports[1].name = oneOf<2>({"http-more", "tcp-more"});
      service.ports[1].port = static_cast<uint16_t>(81 + below(2));
    }
    if (chance(6)) {
      service.type = "ExternalName";
      service.cluster_ips.clear();
      service.external_name = host();
    }
    service.publish_not_ready_addresses = chance(3);
    if (chance(4)) service.internal_traffic_policy = "Local";
    if (chance(4))
      service.metadata.annotations["networking.istio.io/exportTo"] = oneOf<2>({".", "other"});
    return change("Service", snapshot_.services, std::move(service));
  }

  SliceEndpoint endpoint() {
    auto endpoint = endpointOf(name(), ip());
    if (chance(3)) endpoint.target_kind = "";
    endpoint.ready = !chance(4);
    endpoint.terminating = chance(2);
    return endpoint;
  }

  std::string changeSlice() {
    return change("EndpointSlice", snapshot_.endpoint_slices,
                  sliceOf(name(), {endpoint(), endpoint()}, in(), oneOf<2>({"x1", "x2"})));
  }

  std::string changeEndpoints() {
    Endpoints endpoints;
    endpoints.metadata = meta(name(), in());
    Endpoints::EndpointSubset subset;
    subset.addresses = {{ip(), "Pod", name(), "", ""}};
    subset.ports = {{"http", 8080, "TCP", ""}};
    endpoints.subsets = {subset};
    return change("Endpoints", snapshot_.endpoints, std::move(endpoints));
  }

  std::string changePod() {
    auto item =
        pod(name(), ip(), {{"version", version()}, {"app", name()}}, "node-" + name(), in());
    item.host_network = chance(5);
    return change("Pod", snapshot_.pods, std::move(item));
  }

  std::string changeNode() {
    return change("Node", snapshot_.nodes, node("node-" + name(), "eu", name()));
  }

  std::string changeNamespace() {
    Namespace item;
    item.metadata = meta(in(), "");
    if (chance(2))
      item.metadata.annotations["networking.istio.io/traffic-distribution"] = "PreferClose";
    return change("Namespace", snapshot_.namespaces, std::move(item));
  }

  void addAddresses(ServiceEntry& entry) {
    if (chance(3)) entry.addresses = {vip()};
    if (chance(5)) entry.addresses = {oneOf<2>({"10.50.0.0/16", "10.50.1.0/24"})};
    if (chance(2)) return;
    entry.ports[0].protocol = oneOf<3>({"TCP", "TLS", ""});
    entry.ports[0].number = 443;
  }

  std::string changeEntry() {
    ServiceEntry entry;
    entry.metadata = meta(name(), in(), age());
    entry.hosts = {oneOf<4>({"api.example", "*.api.example", "a.shop.svc.cluster.local", "other"})};
    if (chance(3)) entry.hosts.emplace_back("second.example");
    entry.ports = {{80 + below(2), "HTTP", "http", std::nullopt}};
    addAddresses(entry);
    using Resolution = ServiceEntry::Resolution;
    entry.resolution =
        std::array{Resolution::kStatic, Resolution::kDns, Resolution::kNone}[below(3)];
    entry.export_to = exports();
    if (chance(2))
      entry.workload_selector = WorkloadSelector{{{"version", version()}}};
    else
      entry.endpoints = {{ip(), {}, {{"version", version()}}, "", "", 0, ""}};
    return change("ServiceEntry", snapshot_.service_entries, std::move(entry));
  }

  std::string changeWorkloadEntry() {
    WorkloadEntry entry;
    entry.metadata = meta(name(), in());
    entry.endpoint.address = ip();
    entry.endpoint.labels = {{"version", version()}};
    return change("WorkloadEntry", snapshot_.workload_entries, std::move(entry));
  }

  std::string changeSidecar() {
    Sidecar sidecar;
    sidecar.metadata = meta(name(), in(), age());
    if (chance(2)) sidecar.workload_selector = WorkloadSelector{app()};
    if (!chance(3)) sidecar.outbound_mode = Sidecar::OutboundMode::kRegistryOnly;
    return change("Sidecar", snapshot_.sidecars, std::move(sidecar));
  }

  std::string changeWorkload() {
    return change("Workload", snapshot_.workloads, workload(name(), in(), app()));
  }

  std::string changeAgent() {
    auto& agent = snapshot_.agent;
    using HttpMode = AgentSettings::HttpMode;
    if (chance(2))
      agent.http_mode = agent.http_mode == HttpMode::kIstio ? HttpMode::kService : HttpMode::kIstio;
    if (chance(4)) agent.default_service_export_to = std::vector<std::string>(below(2), ".");
    if (chance(4)) agent.default_destination_rule_export_to = agent.default_service_export_to;
    if (chance(4)) agent.root_namespace = in();
    if (chance(4))
      agent.steer = chance(2) ? AgentSettings::Steer::kRuled : AgentSettings::Steer::kAll;
    if (chance(8)) agent.cluster_domain = oneOf<2>({"cluster.local", "example.org"});
    return "change the agent's settings";
  }

  std::mt19937 random_;
  Snapshot snapshot_;
};

}  // namespace sluice::test
