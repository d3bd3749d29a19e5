// SPDX-License-Identifier: Apache-2.0
// networking.istio.io, DestinationRule: the blocks of a traffic policy. A number of 0 means the
// default wherever Istio cannot tell it from an absent one.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "userspace/model/metadata.h"

namespace sluice {

struct HttpCookie {
  struct Attribute {
    std::string name;
    std::string value;
    friend bool operator==(const Attribute&, const Attribute&) = default;
  };
  std::string name;
  std::string path;
  std::optional<std::chrono::nanoseconds> ttl;  ///< present: a missing cookie is made
  std::vector<Attribute> attributes;
  friend bool operator==(const HttpCookie&, const HttpCookie&) = default;
};

/// Of the keys at most one is set, and so of the algorithms.
struct ConsistentHash {
  struct RingHash {
    std::optional<uint64_t> minimum_ring_size;
    friend bool operator==(const RingHash&, const RingHash&) = default;
  };
  struct Maglev {
    std::optional<uint64_t> table_size;
    friend bool operator==(const Maglev&, const Maglev&) = default;
  };
  std::string http_header_name;
  std::optional<HttpCookie> http_cookie;
  std::optional<bool> use_source_ip;
  std::string http_query_parameter_name;
  std::optional<RingHash> ring_hash;
  std::optional<Maglev> maglev;
  std::optional<uint64_t> minimum_ring_size;  ///< deprecated
  friend bool operator==(const ConsistentHash&, const ConsistentHash&) = default;
};

struct LocalityLbSetting {
  struct Distribute {
    std::string from;
    std::map<std::string, uint32_t> to;  ///< locality -> percent
    friend bool operator==(const Distribute&, const Distribute&) = default;
  };
  struct Failover {
    std::string from, to;  ///< regions
    friend bool operator==(const Failover&, const Failover&) = default;
  };
  std::vector<Distribute> distribute;
  std::vector<Failover> failover;
  std::vector<std::string> failover_priority;
  std::optional<bool> enabled;
  friend bool operator==(const LocalityLbSetting&, const LocalityLbSetting&) = default;
};

struct ZoneAwareLbSetting {
  std::optional<bool> enabled;
  std::vector<LocalityLbSetting::Failover> failover;
  std::vector<std::string> failover_priority;
  std::optional<uint32_t> min_cluster_size;  ///< absent: 6
  friend bool operator==(const ZoneAwareLbSetting&, const ZoneAwareLbSetting&) = default;
};

struct Warmup {
  std::optional<std::chrono::nanoseconds> duration;  ///< required
  std::optional<double> minimum_percent;             ///< absent: 10
  std::optional<double> aggression;                  ///< absent: 1
  friend bool operator==(const Warmup&, const Warmup&) = default;
};

struct LoadBalancerSettings {
  enum class Simple { kUnspecified, kLeastRequest, kRandom, kRoundRobin, kPassthrough };
  std::optional<Simple> simple;
  std::optional<ConsistentHash> consistent_hash;
  std::optional<LocalityLbSetting> locality_lb_setting;
  std::optional<ZoneAwareLbSetting> zone_aware_lb_setting;
  std::optional<Warmup> warmup;
  std::optional<std::chrono::nanoseconds> warmup_duration_secs;  ///< deprecated
  friend bool operator==(const LoadBalancerSettings&, const LoadBalancerSettings&) = default;
};

struct TcpKeepalive {
  std::optional<uint32_t> probes;
  std::optional<std::chrono::nanoseconds> time, interval;
  friend bool operator==(const TcpKeepalive&, const TcpKeepalive&) = default;
};

struct TcpSettings {
  int32_t max_connections = 0;
  std::optional<std::chrono::nanoseconds> connect_timeout;
  std::optional<TcpKeepalive> tcp_keepalive;
  std::optional<std::chrono::nanoseconds> max_connection_duration;
  std::optional<std::chrono::nanoseconds> idle_timeout;  ///< 0: never
  friend bool operator==(const TcpSettings&, const TcpSettings&) = default;
};

struct Http2Keepalive {
  std::optional<std::chrono::nanoseconds> interval, timeout;
  friend bool operator==(const Http2Keepalive&, const Http2Keepalive&) = default;
};

struct HttpSettings {
  enum class H2UpgradePolicy { kDefault, kDoNotUpgrade, kUpgrade };
  int32_t http1_max_pending_requests = 0;
  int32_t http2_max_requests = 0;
  int32_t max_requests_per_connection = 0;
  int32_t max_retries = 0;
  std::optional<std::chrono::nanoseconds> idle_timeout;
  H2UpgradePolicy h2_upgrade_policy = H2UpgradePolicy::kDefault;
  bool use_client_protocol = false;
  int32_t max_concurrent_streams = 0;
  std::optional<Http2Keepalive> http2_keep_alive;
  friend bool operator==(const HttpSettings&, const HttpSettings&) = default;
};

struct ConnectionPoolSettings {
  std::optional<TcpSettings> tcp;
  std::optional<HttpSettings> http;
  friend bool operator==(const ConnectionPoolSettings&, const ConnectionPoolSettings&) = default;
};

struct OutlierDetection {
  std::optional<int32_t> consecutive_errors;  ///< deprecated, without effect
  bool split_external_local_origin_errors = false;
  std::optional<uint32_t> consecutive_local_origin_failures;
  std::optional<uint32_t> consecutive_gateway_errors;
  std::optional<uint32_t> consecutive_5xx_errors;  ///< absent: 5; 0: off
  std::optional<std::chrono::nanoseconds> interval, base_ejection_time;
  int32_t max_ejection_percent = 0;  ///< 0: 10
  int32_t min_health_percent = 0;
  std::vector<uint32_t> outlier_detection_http_error_codes;
  friend bool operator==(const OutlierDetection&, const OutlierDetection&) = default;
};

struct ClientTlsSettings {
  enum class Mode { kDisable, kSimple, kMutual, kIstioMutual };
  Mode mode = Mode::kDisable;
  std::string client_certificate, private_key, ca_certificates, credential_name, ca_crl;
  std::vector<std::string> subject_alt_names;
  std::string sni;
  std::optional<bool> insecure_skip_verify;
  friend bool operator==(const ClientTlsSettings&, const ClientTlsSettings&) = default;
};

struct TunnelSettings {
  std::string protocol;  ///< CONNECT or POST; empty: CONNECT
  std::string target_host;
  std::optional<uint16_t> target_port;
  friend bool operator==(const TunnelSettings&, const TunnelSettings&) = default;
};

struct ProxyProtocolSettings {
  enum class Version { kV1, kV2 };
  Version version = Version::kV1;
  friend bool operator==(const ProxyProtocolSettings&, const ProxyProtocolSettings&) = default;
};

struct RetryBudget {
  std::optional<double> percent;                  ///< absent: 20
  std::optional<uint32_t> min_retry_concurrency;  ///< absent: 3
  std::optional<std::chrono::nanoseconds> budget_interval;
  friend bool operator==(const RetryBudget&, const RetryBudget&) = default;
};

/// The blocks that a subset or a port replaces one by one, each whole.
struct PolicyBlocks {
  std::optional<LoadBalancerSettings> load_balancer;
  std::optional<ConnectionPoolSettings> connection_pool;
  std::optional<OutlierDetection> outlier_detection;
  std::optional<ClientTlsSettings> tls;
  friend bool operator==(const PolicyBlocks&, const PolicyBlocks&) = default;
};

struct PortTrafficPolicy : PolicyBlocks {
  std::optional<uint16_t> port;  ///< validation requires it
  friend bool operator==(const PortTrafficPolicy&, const PortTrafficPolicy&) = default;
};

struct TrafficPolicy : PolicyBlocks {
  std::vector<PortTrafficPolicy> port_level_settings;
  std::optional<TunnelSettings> tunnel;
  std::optional<ProxyProtocolSettings> proxy_protocol;
  std::optional<RetryBudget> retry_budget;
  friend bool operator==(const TrafficPolicy&, const TrafficPolicy&) = default;
};

}  // namespace sluice
