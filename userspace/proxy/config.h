// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "maps/abi/types.h"
#include "userspace/balance/maglev.h"
#include "userspace/balance/outlier_detector.h"
#include "userspace/base/shared_map.h"
#include "userspace/model/ids.h"
#include "userspace/model/sluice_resources.h"
#include "userspace/proxy/cluster_pool.h"
#include "userspace/proxy/retry_policy.h"
#include "userspace/proxy/rule_actions.h"
#include "userspace/routing/health.h"
#include "userspace/routing/matcher.h"
#include "userspace/routing/route_table.h"

namespace sluice::tls {
class Client;
}

namespace sluice::proxy {

/// An endpoint with the numbers under which the kernel's tables know it.
struct ProxyEndpoint {
  SocketAddress address;
  EndpointId id;
  ClusterId cluster;                                      ///< of the endpoint's family
  std::shared_ptr<balance::OutlierMonitor> monitor = {};  ///< null: nobody watches it
};

/// What requests are sent as.
enum class UpstreamVersion : uint8_t { kHttp1, kHttp2, kAsClient };

/// Istio: by the protocol of the port, unless a policy upgrades or says as the client; ports of no
/// declared protocol as the client.
UpstreamVersion upstreamVersion(const routing::Cluster& cluster);

/// One destination of a rule.
struct ProxyCluster {
  std::shared_ptr<const routing::Cluster> cluster;  ///< null: answered with 503 NC
  std::vector<ProxyEndpoint> endpoints;             ///< empty: 503 UH
  std::vector<alias_slot> choice;                   ///< over `endpoints`; empty: they are alike
  bool even = true;                                 ///< their shares (balance::Spread)
  UpstreamVersion version = UpstreamVersion::kHttp1;
  std::shared_ptr<const tls::Client> tls;    ///< null: in plain text
  const ConsistentHash* hash_key = nullptr;  ///< lives in `cluster`; null: nothing is hashed
  /// Over `endpoints`, for hashes of requests; null where these are not hashed.
  std::shared_ptr<const balance::MaglevTable> by_hash;
  std::shared_ptr<const ClusterPool> pool;             ///< null: nothing is limited
  std::shared_ptr<balance::OutlierDetector> outliers;  ///< null: none are looked for
  std::shared_ptr<const void> warmup;                  ///< keeps what the agent knows of it
  std::shared_ptr<const DestinationEdits> edits;       ///< null: heads are passed on as they are

  /// As which version a request goes there that came as HTTP/2, or not.
  bool takesHttp2(bool came_as_http2) const {
    return version == UpstreamVersion::kHttp2 ||
           (version == UpstreamVersion::kAsClient && came_as_http2);
  }
};

/// Where copies of requests go.
struct ProxyMirror {
  ProxyCluster cluster;
  Percent share;
};

/// A rule's destinations, ready to be drawn from.
struct ProxyRule {
  const routing::Rule* rule = nullptr;  ///< lives in `ProxyRoute::route`
  std::vector<ProxyCluster> destinations;
  std::vector<alias_slot> choice;              ///< over the indices of `destinations`
  std::shared_ptr<const RuleActions> actions;  ///< null: it forwards, and nothing else
  std::optional<RetryPolicy> retries;          ///< absent: the configuration's
  std::vector<ProxyMirror> mirrors;
};

/// A rule for connections that carry no HTTP.
struct ProxyL4Rule {
  const routing::L4Rule* match = nullptr;  ///< lives in `ProxyRoute::route`
  routing::Rule rule;                      ///< without conditions; its index is the match's
  ProxyRule target;                        ///< of `rule`
};

/// One service for one client class.
struct ProxyRoute {
  routing::Family family = routing::Family::kV4;  ///< that it is called on
  ServiceId service;
  RouteId id;
  BindingId binding;
  bool needs_origin = false;  ///< ServiceRoute::needsOrigin(): the kernel leaves it in `origdst`
  std::shared_ptr<const routing::ServiceRoute> route;
  std::shared_ptr<const routing::Matcher> matcher;  ///< over `route->rules`
  /// As in `route->rules`; services that share those share these.
  std::shared_ptr<const std::vector<ProxyRule>> rules;
  std::vector<std::unique_ptr<const ProxyL4Rule>> l4_rules;  ///< as in `route->l4_rules`
  /// The service without its rules: for whom they do not concern.
  routing::Rule plain_rule;
  ProxyRule plain;
};

/// httpMode istio: what the Host of a request means to the clients of a class on one port.
struct ProxyHosts {
  const routing::VirtualHosts* names = nullptr;  ///< lives in `ProxyConfig::routing`
  bool registry_only = false;                    ///< a host that nobody knows is answered with 502
};

/// A service that takes connections to addresses that it does not list, or that share its port.
struct ProxyRange {
  const routing::RangeRoute* range = nullptr;  ///< lives in `ProxyConfig::routing`
  std::shared_ptr<const ProxyRoute> route;     ///< null: connections are left alone
};

/// A client whose connections come here.
struct ProxyWorkload {
  ClientClass client_class;
  std::string name = {};  ///< without its namespace: as a pod is called
};

/// What the workers work by: immutable, replaced whole. A worker that has been given a newer one
/// uses it from the next request on, on every connection.
struct ProxyConfig {
  uint64_t revision = 0;
  std::shared_ptr<const routing::Routing> routing;  ///< what it was made of
  routing::Health health;                           ///< that it was made for
  uint64_t tls_generation = 0;                      ///< of tls::Clients, likewise
  /// httpMode istio: what Envoy does to each request besides the rules (normalised paths, no
  /// x-envoy-* from clients, x-envoy-original-path).
  bool envoy_habits = false;
  AddedHeaders added_headers;
  bool refuses_http10 = false;                   ///< requests of HTTP/1.0 get 426
  uint64_t largest_request_body = UINT64_MAX;    ///< bytes; requests with more get 413
  RetryPolicy retries = RetryPolicy::ofIstio();  ///< of requests whose rule says nothing
  /// Of classes other than 0, those that differ from class 0's.
  SharedMap<std::pair<ServiceId, ClientClass>, std::shared_ptr<const ProxyRoute>> routes;
  /// By port.
  std::map<std::pair<ClientClass, uint16_t>, ProxyHosts> hosts;
  /// By port, in the order in which they decide: what `whole_port` routes stand for.
  std::map<std::pair<ClientClass, uint16_t>, std::vector<ProxyRange>> ranges;
  /// The routes once more, by what the names of `hosts` lead to.
  using HostKey = std::pair<const routing::ServiceRoute*, routing::Family>;
  SharedMap<HostKey, std::shared_ptr<const ProxyRoute>> by_host;
  std::map<WorkloadId, ProxyWorkload> workloads;
  /// Services whose routes are those of an earlier routing, because newer ones found no room.
  std::set<routing::ServiceKey> refused;

  /// 0 for a workload that is not known.
  ClientClass classOf(WorkloadId workload) const {
    const auto found = workloads.find(workload);
    return found == workloads.end() ? ClientClass{} : found->second.client_class;
  }
  /// Empty for a workload that is not known.
  std::string_view nameOf(WorkloadId workload) const {
    const auto found = workloads.find(workload);
    return found == workloads.end() ? std::string_view() : found->second.name;
  }
  /// Null: the clients do not meet that service here.
  std::shared_ptr<const ProxyRoute> routeOf(ServiceId service, ClientClass client_class) const {
    const auto* route = routes.get(std::pair(service, client_class));
    if (route == nullptr) route = routes.get(std::pair(service, ClientClass{}));
    return route == nullptr ? nullptr : *route;
  }
};

}  // namespace sluice::proxy
