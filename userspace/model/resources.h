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
  std::string namespace_ = "default";  // NOLINT(readability-identifier-naming): a keyword
  Labels labels;
  Labels annotations;
  /// Absent sorts as newest: a file that states no age never beats one that does.
  std::optional<std::chrono::sys_seconds> creation_timestamp;
  Position position;

  /// "shop/catalog".
  std::string key() const { return namespace_ + "/" + name; }
  friend bool operator==(const Metadata&, const Metadata&) = default;
};

// --- networking.istio.io ---------------------------------------------------------------------

struct StringMatch {
  enum class Kind { kExact, kPrefix, kRegex, kPresent };  ///< kPresent: `{}`, headers only
  Kind kind = Kind::kExact;
  std::string value;
  friend bool operator==(const StringMatch&, const StringMatch&) = default;
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
  friend bool operator==(const HttpMatchRequest&, const HttpMatchRequest&) = default;
};

struct Destination {
  std::string host;  ///< as written; routing completes short names
  std::string subset;
  std::optional<uint16_t> port;
  friend bool operator==(const Destination&, const Destination&) = default;
};

struct RouteDestination {
  Destination destination;
  uint32_t weight = 0;
  friend bool operator==(const RouteDestination&, const RouteDestination&) = default;
};

/// A share of requests in ten-thousandths of a percent, 0 to 1,000,000, as Istio stores it.
struct Percent {
  uint32_t millionths = 0;
  friend bool operator==(const Percent&, const Percent&) = default;
};

struct Delay {
  std::chrono::nanoseconds fixed_delay{};
  Percent percentage;
  friend bool operator==(const Delay&, const Delay&) = default;
};

struct Abort {
  int http_status = 0;
  Percent percentage;
  friend bool operator==(const Abort&, const Abort&) = default;
};

struct HttpFaultInjection {
  std::optional<Delay> delay;
  std::optional<Abort> abort;
  friend bool operator==(const HttpFaultInjection&, const HttpFaultInjection&) = default;
};

struct HttpRoute {
  std::string name;
  std::vector<HttpMatchRequest> match;  ///< any of them; empty: everything
  std::vector<RouteDestination> route;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<HttpFaultInjection> fault;
  friend bool operator==(const HttpRoute&, const HttpRoute&) = default;
};

struct VirtualService {
  Metadata metadata;
  std::vector<std::string> hosts;
  std::vector<std::string> gateways;  ///< empty: mesh
  std::vector<HttpRoute> http;
  std::vector<std::string> export_to;  ///< empty: everyone
  friend bool operator==(const VirtualService&, const VirtualService&) = default;
};

struct LoadBalancerSettings {
  enum class Simple { kUnspecified, kLeastRequest, kRandom, kRoundRobin, kPassthrough };
  Simple simple = Simple::kUnspecified;
  friend bool operator==(const LoadBalancerSettings&, const LoadBalancerSettings&) = default;
};

struct TrafficPolicy {
  std::optional<LoadBalancerSettings> load_balancer;
  friend bool operator==(const TrafficPolicy&, const TrafficPolicy&) = default;
};

struct Subset {
  std::string name;
  Labels labels;
  std::optional<TrafficPolicy> traffic_policy;
  friend bool operator==(const Subset&, const Subset&) = default;
};

struct DestinationRule {
  Metadata metadata;
  std::string host;
  std::vector<Subset> subsets;
  std::optional<TrafficPolicy> traffic_policy;
  std::vector<std::string> export_to;  ///< empty: everyone
  friend bool operator==(const DestinationRule&, const DestinationRule&) = default;
};

// --- Kubernetes ------------------------------------------------------------------------------

struct ServicePort {
  std::string name;
  uint16_t port = 0;
  std::string target_port;  ///< a number or a name; empty: `port`
  std::string protocol = "TCP";
  std::string app_protocol;
  friend bool operator==(const ServicePort&, const ServicePort&) = default;
};

struct Service {
  Metadata metadata;
  std::string type = "ClusterIP";
  std::vector<std::string> cluster_ips;  ///< "None" for headless
  std::vector<ServicePort> ports;
  Labels selector;
  friend bool operator==(const Service&, const Service&) = default;
};

struct SliceEndpoint {
  std::vector<std::string> addresses;
  std::optional<bool> ready;
  std::optional<bool> terminating;
  std::string target_kind, target_name, target_namespace;  ///< targetRef
  std::string node_name, zone;
  friend bool operator==(const SliceEndpoint&, const SliceEndpoint&) = default;
};

struct SlicePort {
  std::string name;
  std::optional<uint16_t> port;
  std::string protocol = "TCP";
  friend bool operator==(const SlicePort&, const SlicePort&) = default;
};

struct EndpointSlice {
  Metadata metadata;
  std::string address_type;
  std::vector<SlicePort> ports;
  std::vector<SliceEndpoint> endpoints;
  friend bool operator==(const EndpointSlice&, const EndpointSlice&) = default;
};

struct Pod {
  Metadata metadata;
  std::string node_name;
  std::vector<std::string> pod_ips;
  std::string phase;
  friend bool operator==(const Pod&, const Pod&) = default;
};

struct Namespace {
  Metadata metadata;
  friend bool operator==(const Namespace&, const Namespace&) = default;
};

// --- sluice.io -------------------------------------------------------------------------------

/// Settings of this node's agent. At most one resource; its name does not matter.
struct AgentSettings {
  enum class FailPolicy { kClosed, kOpen };
  Metadata metadata;
  FailPolicy fail_policy = FailPolicy::kClosed;
  std::string cluster_domain = "cluster.local";
  std::string root_namespace = "istio-system";
  friend bool operator==(const AgentSettings&, const AgentSettings&) = default;
};

/// A client whose connections are steered: whatever runs in its cgroup.
struct Workload {
  Metadata metadata;
  std::string cgroup;             ///< path below the cgroup2 mount, "/kubepods/pod1"
  std::string network_namespace;  ///< path of the namespace's file, "/run/netns/web"
  friend bool operator==(const Workload&, const Workload&) = default;
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
