// SPDX-License-Identifier: Apache-2.0
// What routing makes of a Snapshot: for each client class and each port of each service, one list
// of rules that is decided for good. The proxy and the kernel's tables both come from it; nothing
// is resolved twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/rare.h"
#include "userspace/base/shared.h"
#include "userspace/base/shared_map.h"
#include "userspace/model/address.h"
#include "userspace/model/ids.h"
#include "userspace/model/resources.h"

namespace sluice::routing {

enum class Family : uint8_t { kV4, kV6 };

inline Family familyOf(const IpAddress& ip) { return ip.isV4() ? Family::kV4 : Family::kV6; }

/// Istio: protocol selection by appProtocol, then by the port's name, else unknown.
enum class Protocol { kHttp, kHttp2, kGrpc, kTls, kTcp, kUnknown };

/// Stands for the host of what connections get whose address no service lists.
inline constexpr const char* kAnyHost = "*";

/// A port of a service, as clients call it.
struct ServiceKey {
  std::string host;  ///< FQDN, "product-api.default.svc.cluster.local"
  uint16_t port = 0;
  friend auto operator<=>(const ServiceKey&, const ServiceKey&) = default;
  std::string text() const { return host + ":" + std::to_string(port); }
};

/// The endpoints that one destination stands for.
struct ClusterKey {
  std::string host;
  uint16_t port = 0;
  std::string subset;  ///< empty: all endpoints of the service
  friend auto operator<=>(const ClusterKey&, const ClusterKey&) = default;
  /// Envoy's spelling: "outbound|80|v1|host".
  std::string text() const;
};

/// kClient: the same endpoint for the same client, as long as the endpoints stay the same.
/// kRequest: by what the request says, if it says it (HashKeys).
enum class BalancePolicy { kRandom, kRoundRobin, kLeastRequest, kClient, kRequest };

struct ClusterEndpoint {
  SocketAddress address;
  std::string pod;            ///< "shop/catalog-v1-a"; empty when unknown
  uint32_t weight = 1;        ///< its own, relative to the others of its priority and locality
  uint32_t priority = 0;      ///< Envoy's: traffic leaves 0 only as its endpoints become unhealthy
  std::string locality = {};  ///< "region/zone/subzone", as far as known
  /// What it gets of the cluster's traffic, relative to the others; weights, localities, priorities
  /// and endpoints that are not ready are all in it. 0: nothing, as things are.
  uint32_t share = 1;
  friend auto operator<=>(const ClusterEndpoint&, const ClusterEndpoint&) = default;
};

/// A block of a policy and where it was written: "DestinationRule/shop/catalog
/// spec.subsets[0].trafficPolicy.connectionPool", "Agent spec.mesh.defaultTrafficPolicy".
template <typename T>
struct Sourced {
  T value;
  std::string from;
  friend bool operator==(const Sourced&, const Sourced&) = default;
};

/// The blocks that hold for a cluster after inheritance (istio-differences: Policies); an absent
/// block means Istio's defaults.
struct ClusterPolicy {
  std::optional<Sourced<LoadBalancerSettings>> load_balancer;
  std::optional<Sourced<ConnectionPoolSettings>> connection_pool;
  std::optional<Sourced<OutlierDetection>> outlier_detection;
  std::optional<Sourced<ClientTlsSettings>> tls;
  std::optional<Sourced<TunnelSettings>> tunnel;
  std::optional<Sourced<ProxyProtocolSettings>> proxy_protocol;
  std::optional<Sourced<RetryBudget>> retry_budget;
  friend bool operator==(const ClusterPolicy&, const ClusterPolicy&) = default;
};

/// What is hashed of those who call a cluster with consistentHash. Istio, hashForHTTPDestination:
/// of the subset's policy for the port, the subset's, the rule's for the port, the rule's, the
/// first that has one; those for the port only where the route's destination names it.
struct HashKeys {
  std::optional<ConsistentHash> with_port, without_port;
  friend bool operator==(const HashKeys&, const HashKeys&) = default;
};

/// The endpoints of one locality and one priority, where localities matter.
struct LocalityGroup {
  std::string locality;  ///< as in ClusterEndpoint
  uint32_t priority = 0;
  /// Share of the locality in its priority (Envoy: locality weighted); 0: none has one, the
  /// endpoints' weights decide.
  uint32_t weight = 0;
  uint32_t not_ready = 0;  ///< endpoints that are known and not ready: they count as unhealthy
  friend bool operator==(const LocalityGroup&, const LocalityGroup&) = default;
};

/// A server that is known by a host name alone (ServiceEntry resolved by DNS), or the path of a
/// unix socket ("unix:///path", "unix://@name"; port 0).
struct UnresolvedEndpoint {
  std::string host;
  uint16_t port = 0;
  uint32_t weight = 1;
  std::string locality = {};
  friend bool operator==(const UnresolvedEndpoint&, const UnresolvedEndpoint&) = default;
};

/// Ready endpoints only, in the order of their addresses, without duplicates. Traffic is divided by
/// their `share`; endpoint_shares.h divides it anew when some of them turn out to be unhealthy.
struct Cluster {
  ClusterKey key;
  Protocol protocol = Protocol::kUnknown;  ///< of the port
  BalancePolicy policy = BalancePolicy::kLeastRequest;
  Shared<ClusterPolicy> settings;
  std::vector<ClusterEndpoint> endpoints;
  std::string destination_rule;  ///< "shop/catalog" that the policy or subset came from; or empty
  /// What the endpoints were chosen by, as "version=v1". Two clusters of one key that differ here
  /// stand for different things; two that differ in endpoints alone are one thing that moved.
  std::string definition;
  /// Istio: the called address is kept: loadBalancer PASSTHROUGH, resolution NONE, headless.
  bool passthrough = false;
  uint16_t original_port = 0;  ///< passthrough: the port instead of the one called; 0: that one
  /// What sets this cluster apart from those of the same key that other clients get: the
  /// DestinationRule, the ServiceEntry, the client's labels that it depends on. Empty: nothing.
  std::string variant = {};
  std::vector<LocalityGroup> groups = {};  ///< empty: localities do not matter
  std::vector<UnresolvedEndpoint> unresolved = {};
  Shared<HashKeys> hash = {};
  friend bool operator==(const Cluster&, const Cluster&) = default;
};

struct WeightedCluster {
  ClusterKey key;
  uint32_t weight = 1;
  /// Null: no such service, port or subset; its share is answered with 503 NC.
  std::shared_ptr<const Cluster> cluster;
  Shared<Headers> headers = {};  ///< of this destination; http only
  std::string missing = {};      ///< why there is no cluster; empty when there is one
  bool port_named = true;        ///< by the rule; else the port is the one called
  /// Null: nothing is hashed, requests go to any endpoint. Lives in `cluster`.
  const ConsistentHash* hashKey() const;
  /// By content, clusters included.
  friend bool operator==(const WeightedCluster&, const WeightedCluster&);
};

/// Where copies of requests go.
struct Mirror {
  WeightedCluster target;
  Percent percentage{1'000'000};
  friend bool operator==(const Mirror&, const Mirror&) = default;
};

/// Conditions on a request; what concerns the client or the port has been decided already.
struct RequestMatch {
  std::string name;
  std::optional<StringMatch> uri, scheme, method, authority;
  std::map<std::string, StringMatch> headers, without_headers, query_params;
  bool ignore_uri_case = false;

  /// Istio: isCatchAllRoute. No condition, or only a path that begins with "/".
  bool matchesEverything() const;
  friend bool operator==(const RequestMatch&, const RequestMatch&) = default;
};

/// What a delegate's rule has of the rule that delegates to it.
struct Inherited {
  int index = 0;                    ///< of that rule, in spec.http
  std::vector<std::string> fields;  ///< "timeout", "retries", …
  friend bool operator==(const Inherited&, const Inherited&) = default;
};

struct Rule {
  int index = 0;  ///< in spec.http; -1: the service's default, without a VirtualService
  std::string name;
  std::vector<RequestMatch> matches;  ///< any of them; empty: everything
  std::vector<WeightedCluster> destinations;
  bool several = false;         ///< destinations were written, though one alone may have a weight
  Rare<HttpRedirect> redirect;  ///< instead of destinations
  Rare<HttpDirectResponse> direct_response;  ///< instead of destinations
  Rare<HttpRewrite> rewrite;
  std::optional<std::chrono::nanoseconds> timeout;
  Rare<HttpRetry> retries;         ///< as written; absent: the mesh's default policy
  Rare<HttpFaultInjection> fault;  ///< absent when it would hit no request
  std::vector<Mirror> mirrors;     ///< without those that would get nothing
  Rare<CorsPolicy> cors;
  Shared<Headers> headers;
  /// "billing/leaf" when the rule came from a delegate; `index` counts in that one then.
  std::string delegate;
  Rare<Inherited> inherited;
  friend bool operator==(const Rule&, const Rule&) = default;
};

/// An address range, "10.0.0.0/8"; bits beyond the prefix are zero.
struct Subnet {
  /// "10.0.0.0/8", "fd00::/8", or an address alone; fails with kInvalid.
  static Result<Subnet> parse(std::string_view text);

  IpAddress base;
  uint8_t prefix_bits = 0;  ///< of the 128 of a (v4-mapped) address
  bool contains(const IpAddress& ip) const;
  std::string text() const;
  friend auto operator<=>(const Subnet&, const Subnet&) = default;
};

/// A rule for connections, of spec.tcp or spec.tls.
struct L4Rule {
  enum class Kind { kTcp, kTls };
  Kind kind = Kind::kTcp;
  int index = 0;                       ///< in spec.tcp or spec.tls
  std::vector<std::string> sni_hosts;  ///< kTls: any of them, wildcards included; lower case
  std::vector<Subnet> subnets;         ///< of the address called, any of them; empty: every one
  std::vector<WeightedCluster> destinations;
  /// "shop/catalog": connection rules of several VirtualServices act side by side.
  std::string virtual_service;
  friend bool operator==(const L4Rule&, const L4Rule&) = default;
};

/// A rule of the VirtualService that no request of these clients on this port can reach.
struct SkippedRule {
  int index = 0;  ///< in spec.http (or as `list` says), of `delegate` where that is set
  std::string name;
  std::string why;  ///< "sourceLabels", "port", "after a rule that matches everything", …
  std::string delegate = {};
  std::string list = "http";  ///< or "tcp", "tls"
  friend bool operator==(const SkippedRule&, const SkippedRule&) = default;
};

/// A VirtualService that names the host, too, and does not decide.
struct LosingService {
  std::string virtual_service;  ///< "shop/catalog"
  std::string why;
  friend bool operator==(const LosingService&, const LosingService&) = default;
};

enum class Path { kConnect, kProxy, kPassthrough };

const char* pathName(Path path);  ///< "connect", "proxy", "passthrough"

/// Why a route takes its path: a code of docs/reference/codes.md, a field of the rule, a sentence.
struct Reason {
  std::string code;
  std::string field;
  std::string text;
  friend bool operator==(const Reason&, const Reason&) = default;
};

/// Everything about one port of one service for one client class.
struct ServiceRoute {
  ServiceKey service;
  std::string service_namespace, service_name;
  Protocol protocol = Protocol::kUnknown;
  std::vector<IpAddress> vips;
  std::string virtual_service;  ///< "shop/catalog"; empty: the service's default
  /// In order; when none matches: 404. Shared by services that one VirtualService rules alike.
  Shared<std::vector<Rule>> rules;
  /// For connections that carry no HTTP: the first that fits, so that more specific SNI patterns
  /// stand first. When none fits: `plain`, or for TLS ports the address that was called.
  std::vector<L4Rule> l4_rules;
  /// The service without its rules: for failPolicy open.
  std::shared_ptr<const Cluster> plain;
  /// Stands for a port, not for a service: which of the table's ranges or virtual hosts is meant
  /// shows only when the called address, the server name or the Host is known.
  bool whole_port = false;
  Path path = Path::kConnect;  ///< for clients of a family that the endpoints have
  AgentSettings::Drain drain = AgentSettings::Drain::kOff;
  bool rebalance = false;  ///< connections move to where weights say, as they become idle
  std::vector<Reason> reasons;
  Shared<std::vector<SkippedRule>> skipped;
  std::vector<LosingService> losers;

  /// What a connection is shared out between that no proxy looks into (Path::kConnect).
  const std::vector<WeightedCluster>& connectDestinations() const;
  /// `path`, or kProxy when a destination has endpoints of the other family alone.
  Path pathFor(Family family) const;
  /// Whether the proxy must know which address was called: to go on to it, or for the rules.
  bool needsOrigin() const;
  /// By content, clusters and their endpoints included.
  friend bool operator==(const ServiceRoute&, const ServiceRoute&);
};

/// httpMode istio: what the Host header of a request means on one port.
struct VirtualHosts {
  using Routes = SharedMap<std::string, std::shared_ptr<const ServiceRoute>>;
  /// In lower case, without port: every spelling that a client of the class may use, addresses
  /// included.
  Routes exact;
  /// By pattern, "*.foo.com"; the longest that covers a host decides.
  Routes wildcards;
  /// Null: no service; ALLOW_ANY passes the connection on, REGISTRY_ONLY answers 502.
  const std::shared_ptr<const ServiceRoute>* find(std::string_view authority) const;
};

/// A service that takes connections to addresses that it does not list one by one.
struct RangeRoute {
  Subnet subnet;  ///< of no bits: every address (ServiceEntry without addresses)
  uint16_t port = 0;
  std::vector<std::string> sni_hosts;  ///< not empty: TLS with one of these names
  std::shared_ptr<const ServiceRoute> route;
};

/// A route for each port of each service. Classes see most services as class 0 does: a table has
/// the routes that differ, and those of class 0 for the rest. Copies share what they have in
/// common.
class ServiceRoutes {
 public:
  using Route = std::shared_ptr<const ServiceRoute>;
  using Map = SharedMap<ServiceKey, Route>;

  // NOLINTBEGIN(readability-identifier-naming): the names of the standard library's maps
  /// Pairs of a key and its route, in the order of the keys.
  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::pair<const ServiceKey&, const Route&>;
    using difference_type = std::ptrdiff_t;
    using reference = value_type;
    struct pointer {
      value_type value;
      const value_type* operator->() const { return &value; }
    };

    value_type operator*() const;
    pointer operator->() const { return {**this}; }
    const_iterator& operator++();
    friend bool operator==(const const_iterator& a, const const_iterator& b) {
      return a.common_ == b.common_;
    }

   private:
    friend ServiceRoutes;
    const_iterator(Map::const_iterator common, Map::const_iterator own, Map::const_iterator end)
        : common_(common), own_(own), own_end_(end) {}
    bool isOwn() const { return own_ != own_end_ && own_->first == common_->first; }
    Map::const_iterator common_, own_, own_end_;
  };

  const_iterator begin() const { return {common_.begin(), own_.begin(), own_.end()}; }
  const_iterator end() const { return {common_.end(), own_.end(), own_.end()}; }
  const_iterator lower_bound(const ServiceKey& key) const;
  // NOLINTEND(readability-identifier-naming)
  size_t size() const { return common_.size(); }

  /// Null: there is no such port.
  const Route* find(const ServiceKey& key) const;
  /// Of a port that there is.
  const Route& at(const ServiceKey& key) const { return *find(key); }

  /// Those of class 0.
  const Map& common() const { return common_; }
  Map& common() { return common_; }
  /// Those that are not class 0's. Only of ports that class 0 has, too.
  const Map& own() const { return own_; }
  Map& own() { return own_; }

 private:
  Map common_, own_;
};

/// All services as one client class sees them; a route that is the same for class 0 is the same
/// object there.
struct RouteTable {
  ClientClass client_class;
  std::string class_name;  ///< what makes the class, as "namespace=shop;app=web"; empty for class 0
  /// The same keys in every table. Beside the registry's services: under kAnyHost what connections
  /// get whose address no service lists, and hosts of VirtualServices that are no service.
  ServiceRoutes services;
  /// ExternalName services: full name -> the name that it stands for.
  SharedMap<std::string, std::string> aliases;
  /// By port. Of declared HTTP ports, in httpMode istio alone.
  std::map<uint16_t, VirtualHosts> virtual_hosts;
  /// The longest prefix first, then the more specific SNI.
  std::vector<RangeRoute> ranges;
  Sidecar::OutboundMode outbound_mode = Sidecar::OutboundMode::kAllowAny;
};

/// The whole result. Class 0 stands for a client that no rule distinguishes.
struct Routing {
  uint64_t revision = 0;
  AgentSettings agent;
  std::map<ClientClass, RouteTable> tables;
  std::map<std::string, ClientClass> workload_class;  ///< by "namespace/name"
};

}  // namespace sluice::routing
