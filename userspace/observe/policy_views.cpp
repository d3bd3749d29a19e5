// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/policy_views.h"

#include <optional>

#include "userspace/balance/maglev.h"
#include "userspace/balance/warmup.h"
#include "userspace/observe/routing_views.h"

namespace sluice::observe {
namespace {

using Duration = std::optional<std::chrono::nanoseconds>;

/// Fields of one message; each is written only when it says something.
class Fields {
 public:
  Fields& number(const char* name, int64_t value) {
    if (value != 0) json_[name] = value;
    return *this;
  }
  template <typename T>
  Fields& value(const char* name, const std::optional<T>& value) {
    if (value) json_[name] = *value;
    return *this;
  }
  Fields& flag(const char* name, bool value) {
    if (value) json_[name] = true;
    return *this;
  }
  Fields& text(const char* name, const std::string& text) {
    if (!text.empty()) json_[name] = text;
    return *this;
  }
  Fields& texts(const char* name, const std::vector<std::string>& list) {
    if (!list.empty()) json_[name] = list;
    return *this;
  }
  Fields& numbers(const char* name, const std::vector<uint32_t>& list) {
    if (!list.empty()) json_[name] = list;
    return *this;
  }
  Fields& duration(const char* name, const Duration& duration) {
    if (duration) json_[name] = durationText(*duration);
    return *this;
  }
  Fields& message(const char* name, Json message) {
    if (!message.empty()) json_[name] = std::move(message);
    return *this;
  }
  Json take() { return std::move(json_); }

 private:
  Json json_ = Json::object();
};

Json tcpView(const TcpSettings& tcp) {
  Fields fields;
  fields.number("maxConnections", tcp.max_connections)
      .duration("connectTimeout", tcp.connect_timeout)
      .duration("maxConnectionDuration", tcp.max_connection_duration)
      .duration("idleTimeout", tcp.idle_timeout);
  if (tcp.tcp_keepalive)
    fields.message("tcpKeepalive", Fields()
                                       .value("probes", tcp.tcp_keepalive->probes)
                                       .duration("time", tcp.tcp_keepalive->time)
                                       .duration("interval", tcp.tcp_keepalive->interval)
                                       .take());
  return fields.take();
}

const char* upgradeName(HttpSettings::H2UpgradePolicy policy) {
  switch (policy) {
    case HttpSettings::H2UpgradePolicy::kDefault:
      return "";
    case HttpSettings::H2UpgradePolicy::kDoNotUpgrade:
      return "DO_NOT_UPGRADE";
    case HttpSettings::H2UpgradePolicy::kUpgrade:
      return "UPGRADE";
  }
  return "";
}

Json httpView(const HttpSettings& http) {
  return Fields()
      .number("http1MaxPendingRequests", http.http1_max_pending_requests)
      .number("http2MaxRequests", http.http2_max_requests)
      .number("maxRequestsPerConnection", http.max_requests_per_connection)
      .number("maxRetries", http.max_retries)
      .number("maxConcurrentStreams", http.max_concurrent_streams)
      .duration("idleTimeout", http.idle_timeout)
      .text("h2UpgradePolicy", upgradeName(http.h2_upgrade_policy))
      .flag("useClientProtocol", http.use_client_protocol)
      .take();
}

Json poolView(const ConnectionPoolSettings& pool) {
  return Fields()
      .message("tcp", pool.tcp ? tcpView(*pool.tcp) : Json())
      .message("http", pool.http ? httpView(*pool.http) : Json())
      .take();
}

const char* simpleName(LoadBalancerSettings::Simple simple) {
  switch (simple) {
    case LoadBalancerSettings::Simple::kRandom:
      return "RANDOM";
    case LoadBalancerSettings::Simple::kRoundRobin:
      return "ROUND_ROBIN";
    case LoadBalancerSettings::Simple::kPassthrough:
      return "PASSTHROUGH";
    case LoadBalancerSettings::Simple::kUnspecified:
    case LoadBalancerSettings::Simple::kLeastRequest:
      break;
  }
  return "LEAST_REQUEST";
}

uint64_t tableSize(const ConsistentHash& hash) {
  const uint64_t by_default = balance::MaglevTable::kDefaultSize;
  return hash.maglev ? hash.maglev->table_size.value_or(by_default) : by_default;
}

Json hashView(const ConsistentHash& hash) {
  Fields fields;
  fields.text("httpHeaderName", hash.http_header_name)
      .text("httpQueryParameterName", hash.http_query_parameter_name)
      .flag("useSourceIp", hash.use_source_ip.value_or(false));
  if (hash.http_cookie)
    fields.message("httpCookie", Fields()
                                     .text("name", hash.http_cookie->name)
                                     .text("path", hash.http_cookie->path)
                                     .duration("ttl", hash.http_cookie->ttl)
                                     .take());
  // Of the client's address there is no table; a ring is served by one.
  if (!hash.use_source_ip.value_or(false))
    fields.message("maglev", {{"tableSize", tableSize(hash)}});
  return fields.take();
}

Json warmupView(const balance::WarmupSettings& warmup) {
  return Fields()
      .duration("duration", warmup.duration)
      .value("minimumPercent", std::optional(warmup.minimum_percent))
      .value("aggression", std::optional(warmup.aggression))
      .take();
}

Json balancerView(const LoadBalancerSettings& balancer) {
  Fields fields;
  const auto simple = balancer.simple.value_or(LoadBalancerSettings::Simple::kUnspecified);
  if (!balancer.consistent_hash) fields.text("simple", simpleName(simple));
  if (balancer.consistent_hash)
    fields.message("consistentHash", hashView(*balancer.consistent_hash));
  if (const auto warmup = balance::WarmupSettings::of(balancer))
    fields.message("warmup", warmupView(*warmup));
  return fields.take();
}

Json outlierView(const OutlierDetection& outlier) {
  return Fields()
      .value("consecutive5xxErrors", outlier.consecutive_5xx_errors)
      .value("consecutiveGatewayErrors", outlier.consecutive_gateway_errors)
      .value("consecutiveLocalOriginFailures", outlier.consecutive_local_origin_failures)
      .flag("splitExternalLocalOriginErrors", outlier.split_external_local_origin_errors)
      .duration("interval", outlier.interval)
      .duration("baseEjectionTime", outlier.base_ejection_time)
      .number("maxEjectionPercent", outlier.max_ejection_percent)
      .number("minHealthPercent", outlier.min_health_percent)
      .numbers("outlierDetectionHttpErrorCodes", outlier.outlier_detection_http_error_codes)
      .take();
}

const char* tlsModeName(ClientTlsSettings::Mode mode) {
  switch (mode) {
    case ClientTlsSettings::Mode::kDisable:
      return "DISABLE";
    case ClientTlsSettings::Mode::kSimple:
      return "SIMPLE";
    case ClientTlsSettings::Mode::kMutual:
      return "MUTUAL";
    case ClientTlsSettings::Mode::kIstioMutual:
      return "ISTIO_MUTUAL";
  }
  return "";
}

template <typename T, typename View>
void addBlock(Json& policy, const char* name, const std::optional<routing::Sourced<T>>& block,
              const View& view) {
  if (!block) return;
  Json json = view(block->value);
  json["from"] = block->from;
  policy[name] = std::move(json);
}

Json operationsView(const HeaderOperations& operations) {
  return Fields()
      .message("set", Json(operations.set))
      .message("add", Json(operations.add))
      .texts("remove", operations.remove)
      .take();
}

Json originView(const StringMatch& match) {
  const char* kind = match.kind == StringMatch::Kind::kExact    ? "exact"
                     : match.kind == StringMatch::Kind::kPrefix ? "prefix"
                                                                : "regex";
  return {{kind, match.value}};
}

const char* unmatchedPreflightsName(CorsPolicy::UnmatchedPreflights unmatched) {
  using Unmatched = CorsPolicy::UnmatchedPreflights;
  if (unmatched == Unmatched::kUnspecified) return "";
  return unmatched == Unmatched::kIgnore ? "IGNORE" : "FORWARD";
}

}  // namespace

Json clusterPolicyView(const routing::ClusterPolicy& policy) {
  Json view = Json::object();
  addBlock(view, "loadBalancer", policy.load_balancer, balancerView);
  addBlock(view, "connectionPool", policy.connection_pool, poolView);
  addBlock(view, "outlierDetection", policy.outlier_detection, outlierView);
  addBlock(view, "tls", policy.tls, [](const ClientTlsSettings& tls) {
    return Fields().text("mode", tlsModeName(tls.mode)).text("sni", tls.sni).take();
  });
  addBlock(view, "tunnel", policy.tunnel, [](const TunnelSettings& tunnel) {
    return Fields().text("targetHost", tunnel.target_host).take();
  });
  addBlock(view, "proxyProtocol", policy.proxy_protocol, [](const ProxyProtocolSettings& settings) {
    return Json{{"version", settings.version == ProxyProtocolSettings::Version::kV1 ? "V1" : "V2"}};
  });
  addBlock(view, "retryBudget", policy.retry_budget, [](const RetryBudget& budget) {
    return Fields()
        .value("percent", budget.percent)
        .value("minRetryConcurrency", budget.min_retry_concurrency)
        .take();
  });
  return view;
}

Json retryView(const HttpRetry& retry) {
  Fields fields;
  fields.duration("perTryTimeout", retry.per_try_timeout)
      .text("retryOn", retry.retry_on)
      .duration("backoff", retry.backoff)
      .value("retryRemoteLocalities", retry.retry_remote_localities)
      .value("retryIgnorePreviousHosts", retry.retry_ignore_previous_hosts);
  auto view = fields.take();
  view["attempts"] = retry.attempts;
  return view;
}

Json corsView(const CorsPolicy& cors) {
  Json origins = Json::array();
  for (const auto& text : cors.allow_origin) origins.push_back({{"exact", text}});
  for (const auto& match : cors.allow_origins) origins.push_back(originView(match));
  return Fields()
      .message("allowOrigins", std::move(origins))
      .texts("allowMethods", cors.allow_methods)
      .texts("allowHeaders", cors.allow_headers)
      .texts("exposeHeaders", cors.expose_headers)
      .duration("maxAge", cors.max_age)
      .value("allowCredentials", cors.allow_credentials)
      .text("unmatchedPreflights", unmatchedPreflightsName(cors.unmatched_preflights))
      .take();
}

Json headersView(const Headers& headers) {
  return Fields()
      .message("request", operationsView(headers.request))
      .message("response", operationsView(headers.response))
      .take();
}

}  // namespace sluice::observe
