// SPDX-License-Identifier: Apache-2.0
// The resources that Sluice reads, typed. Field names are the API's; defaults are Istio's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/model/address.h"
#include "userspace/model/diagnostic.h"

namespace sluice {

using Labels = std::map<std::string, std::string>;

/// Metadata that every resource has, and where it was read.
struct Metadata {
  std::string name;
  std::string namespace_ = "default";
  Labels labels;
  Labels annotations;
  /// Absent sorts as newest: a file that states no age never beats one that does.
  std::optional<std::chrono::sys_seconds> creation_timestamp;
  Position position;

  /// "shop/catalog".
  std::string key() const { return namespace_ + "/" + name; }
};

// --- networking.istio.io ---------------------------------------------------------------------

struct StringMatch {
  enum class Kind { kExact, kPrefix, kRegex, kPresent };  ///< kPresent: `{}`, headers only
  Kind kind = Kind::kExact;
  std::string value;
};

/// All conditions hold (Istio: HTTPMatchRequest).
struct HttpMatchRequest {
  std::string name;
  std::optional<StringMatch> uri, scheme, method, authority;
  std::map<std::string, StringMatch> headers;          ///< names in lower case
  std::map<std::string, StringMatch> without_headers;  ///< names in lower case
  std::map<std::string, StringMatch> query_params;
  bool ignore_uri_case = false;
  std::optional<uint16_t> port;
  Labels source_labels;
  std::string source_namespace;
  std::vector<std::string> gateways;
};

struct Destination {
  std::string host;  ///< as written; routing completes short names
  std::string subset;
  std::optional<uint16_t> port;
};

struct RouteDestination {
  Destination destination;
  uint32_t weight = 0;
};

/// A share of requests in ten-thousandths of a percent, 0 to 1,000,000, as Istio stores it.
struct Percent {
  uint32_t millionths = 0;
};

struct Delay {
  std::chrono::nanoseconds fixed_delay{};
  Percent percentage;
};

struct Abort {
  int http_status = 0;
  Percent percentage;
};

struct HttpFaultInjection {
  std::optional<Delay> delay;
  std::optional<Abort> abort;
};

struct HttpRoute {
  std::string name;
  std::vector<HttpMatchRequest> match;  ///< any of them; empty: everything
  std::vector<RouteDestination> route;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<HttpFaultInjection> fault;
};

struct VirtualService {
  Metadata metadata;
  std::vector<std::string> hosts;
  std::vector<std::string> gateways;  ///< empty: mesh
  std::vector<HttpRoute> http;
  std::vector<std::string> export_to;  ///< empty: everyone
};

struct LoadBalancerSettings {
  enum class Simple { kUnspecified, kLeastRequest, kRandom, kRoundRobin, kPassthrough };
  Simple simple = Simple::kUnspecified;
};

struct TrafficPolicy {
  std::optional<LoadBalancerSettings> load_balancer;
};

struct Subset {
  std::string name;
  Labels labels;
  std::optional<TrafficPolicy> traffic_policy;
};

struct DestinationRule {
  Metadata metadata;
  std::string host;
  std::vector<Subset> subsets;
  std::optional<TrafficPolicy> traffic_policy;
  std::vector<std::string> export_to;  ///< empty: everyone
};

// --- Kubernetes ------------------------------------------------------------------------------

struct ServicePort {
  std::string name;
  uint16_t port = 0;
  std::string target_port;  ///< a number or a name; empty: `port`
  std::string protocol = "TCP";
  std::string app_protocol;
};

struct Service {
  Metadata metadata;
  std::string type = "ClusterIP";
  std::vector<std::string> cluster_ips;  ///< "None" for headless
  std::vector<ServicePort> ports;
  Labels selector;
};

struct SliceEndpoint {
  std::vector<std::string> addresses;
  std::optional<bool> ready;
  std::optional<bool> terminating;
  std::string target_kind, target_name, target_namespace;  ///< targetRef
  std::string node_name, zone;
};

struct SlicePort {
  std::string name;
  std::optional<uint16_t> port;
  std::string protocol = "TCP";
};

struct EndpointSlice {
  Metadata metadata;
  std::string address_type;
  std::vector<SlicePort> ports;
  std::vector<SliceEndpoint> endpoints;
};

struct Pod {
  Metadata metadata;
  std::string node_name;
  std::vector<std::string> pod_ips;
  std::string phase;
};

struct Namespace {
  Metadata metadata;
};

// --- sluice.io -------------------------------------------------------------------------------

/// Settings of this node's agent. At most one resource; its name does not matter.
struct AgentSettings {
  enum class FailPolicy { kClosed, kOpen };
  Metadata metadata;
  FailPolicy fail_policy = FailPolicy::kClosed;
  std::string cluster_domain = "cluster.local";
  std::string root_namespace = "istio-system";
};

/// A client whose connections are steered: whatever runs in its cgroup.
struct Workload {
  Metadata metadata;
  std::string cgroup;             ///< path below the cgroup2 mount, "/kubepods/pod1"
  std::string network_namespace;  ///< path of the namespace's file, "/run/netns/web"
};

/// Everything that is known at one moment; immutable, so that it can be shared between threads.
/// Each list is in the order of its resources' keys.
struct Snapshot {
  template <typename T>
  using List = std::vector<std::shared_ptr<const T>>;

  uint64_t revision = 0;
  List<VirtualService> virtual_services;
  List<DestinationRule> destination_rules;
  List<Service> services;
  List<EndpointSlice> endpoint_slices;
  List<Pod> pods;
  List<Namespace> namespaces;
  List<Workload> workloads;
  AgentSettings agent;
};

}  // namespace sluice
