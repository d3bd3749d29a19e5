// SPDX-License-Identifier: Apache-2.0
// networking.istio.io, DestinationRule: the blocks of a traffic policy.
#include <array>

#include "userspace/source/istio_codecs.h"

namespace sluice::source {

template <>
struct EnumNames<HttpSettings::H2UpgradePolicy> {
  using Policy = HttpSettings::H2UpgradePolicy;
  static constexpr std::array<std::pair<std::string_view, Policy>, 3> kNames = {{
      {"DEFAULT", Policy::kDefault},
      {"DO_NOT_UPGRADE", Policy::kDoNotUpgrade},
      {"UPGRADE", Policy::kUpgrade},
  }};
};

template <>
struct EnumNames<ClientTlsSettings::Mode> {
  using Mode = ClientTlsSettings::Mode;
  static constexpr std::array<std::pair<std::string_view, Mode>, 4> kNames = {{
      {"DISABLE", Mode::kDisable},
      {"SIMPLE", Mode::kSimple},
      {"MUTUAL", Mode::kMutual},
      {"ISTIO_MUTUAL", Mode::kIstioMutual},
  }};
};

template <>
struct EnumNames<ProxyProtocolSettings::Version> {
  using Version = ProxyProtocolSettings::Version;
  static constexpr std::array<std::pair<std::string_view, Version>, 2> kNames = {{
      {"V1", Version::kV1},
      {"V2", Version::kV2},
  }};
};

template <>
Message define<TcpKeepalive>() {
  using M = TcpKeepalive;
  return MessageOf<M>(
      "TcpKeepalive",
      {
          field<&M::probes>("probes", "Unanswered probes until a connection is dead.")
              .byDefault("the system's"),
          field<&M::time>("time", "Idle time before the first probe.")
              .within(atLeastOneMillisecond())
              .byDefault("the system's"),
          field<&M::interval>("interval", "Time between probes.")
              .within(atLeastOneMillisecond())
              .byDefault("the system's"),
      });
}

template <>
Message define<TcpSettings>() {
  using M = TcpSettings;
  return MessageOf<M>(
      "TCPSettings",
      {
          field<&M::max_connections>("maxConnections", "Connections at once; 0: no limit."),
          field<&M::connect_timeout>("connectTimeout", "Time for connecting.")
              .within(atLeastOneMillisecond())
              .byDefault("10s"),
          field<&M::tcp_keepalive>("tcpKeepalive", "Probes of idle connections."),
          field<&M::max_connection_duration>("maxConnectionDuration", "Life of a connection.")
              .within(atLeastOneMillisecond())
              .byDefault("no limit"),
          field<&M::idle_timeout>("idleTimeout", "Idle time until it is closed; 0s: never.")
              .byDefault("1h"),
      });
}

template <>
Message define<Http2Keepalive>() {
  using M = Http2Keepalive;
  return MessageOf<M>(
      "ConnectionKeepalive",
      {
          field<&M::interval>("interval", "Time between pings.").within(atLeastOneMillisecond()),
          field<&M::timeout>("timeout", "Time for the answer to a ping.")
              .within(atLeastOneMillisecond()),
      });
}

template <>
Message define<HttpSettings>() {
  using M = HttpSettings;
  return MessageOf<M>(
      "HTTPSettings",
      {
          field<&M::http1_max_pending_requests>(
              "http1MaxPendingRequests", "Requests that wait for a connection; 0: no limit."),
          field<&M::http2_max_requests>("http2MaxRequests",
                                        "Requests at once, of any HTTP version; 0: no limit."),
          field<&M::max_requests_per_connection>("maxRequestsPerConnection",
                                                 "Requests of one connection; 0: no limit."),
          field<&M::max_retries>("maxRetries", "Retries at once; 0: no limit."),
          field<&M::idle_timeout>("idleTimeout", "Idle time until a connection is closed.")
              .within(atLeastOneMillisecond())
              .byDefault("1h"),
          field<&M::h2_upgrade_policy>("h2UpgradePolicy", "Whether HTTP/1.1 goes on as HTTP/2."),
          field<&M::use_client_protocol>("useClientProtocol", "Speak the version of the client."),
          field<&M::max_concurrent_streams>("maxConcurrentStreams",
                                            "Streams of one HTTP/2 connection; 0: no limit."),
          field<&M::http2_keep_alive>("http2KeepAlive", "Pings of HTTP/2 connections."),
      });
}

template <>
Message define<ConnectionPoolSettings>() {
  using M = ConnectionPoolSettings;
  return MessageOf<M>("ConnectionPoolSettings", {
                                                    field<&M::tcp>("tcp", "Limits of connections."),
                                                    field<&M::http>("http", "Limits of requests."),
                                                });
}

template <>
Message define<OutlierDetection>() {
  using M = OutlierDetection;
  return MessageOf<M>(
      "OutlierDetection",
      {
          field<&M::consecutive_errors>("consecutiveErrors", "Without effect, as in Istio.")
              .deprecated("consecutive5xxErrors"),
          field<&M::split_external_local_origin_errors>(
              "splitExternalLocalOriginErrors",
              "Whether failed connections are counted apart from answers."),
          field<&M::consecutive_local_origin_failures>("consecutiveLocalOriginFailures",
                                                       "Failed connections until ejection.")
              .byDefault("5"),
          field<&M::consecutive_gateway_errors>("consecutiveGatewayErrors",
                                                "Answers 502, 503, 504 until ejection.")
              .byDefault("off"),
          field<&M::consecutive_5xx_errors>("consecutive5xxErrors",
                                            "Answers of 5xx until ejection; 0: off.")
              .byDefault("5"),
          field<&M::interval>("interval", "Time between looks at who may come back.")
              .within(atLeastOneMillisecond())
              .byDefault("10s"),
          field<&M::base_ejection_time>("baseEjectionTime",
                                        "First ejection; the n-th is n times it.")
              .within(atLeastOneMillisecond())
              .byDefault("30s"),
          field<&M::max_ejection_percent>("maxEjectionPercent",
                                          "Ejected endpoints at most; 0: 10."),
          field<&M::min_health_percent>("minHealthPercent",
                                        "Below this share of healthy endpoints all are used."),
          field<&M::outlier_detection_http_error_codes>("outlierDetectionHttpErrorCodes",
                                                        "Statuses that count instead of 5xx.")
              .eachWithin(range(100, 599)),
      });
}

template <>
Message define<ClientTlsSettings>() {
  using M = ClientTlsSettings;
  return MessageOf<M>(
      "ClientTLSSettings",
      {
          field<&M::mode>("mode", "Whether and how connections are encrypted."),
          field<&M::client_certificate>("clientCertificate", "File of the own certificate."),
          field<&M::private_key>("privateKey", "File of its key."),
          field<&M::ca_certificates>("caCertificates", "File of the authorities to trust."),
          field<&M::credential_name>("credentialName", "Secret instead of the files."),
          field<&M::subject_alt_names>("subjectAltNames", "Names that the server may have."),
          field<&M::sni>("sni", "Server name to ask for; absent: the Host header's."),
          field<&M::insecure_skip_verify>("insecureSkipVerify", "Do not check the server."),
          field<&M::ca_crl>("caCrl", "File of revoked certificates."),
      });
}

template <>
Message define<TunnelSettings>() {
  using M = TunnelSettings;
  return MessageOf<M>(
      "TunnelSettings",
      {
          field<&M::protocol>("protocol", "CONNECT or POST.").byDefault("CONNECT"),
          field<&M::target_host>("targetHost", "Host behind the tunnel.").required(),
          field<&M::target_port>("targetPort", "Port behind the tunnel.").required(),
      });
}

template <>
Message define<ProxyProtocolSettings>() {
  using M = ProxyProtocolSettings;
  return MessageOf<M>("ProxyProtocol",
                      {field<&M::version>("version", "Version of the PROXY header.")});
}

template <>
Message define<RetryBudget>() {
  using M = RetryBudget;
  return MessageOf<M>(
      "RetryBudget",
      {
          field<&M::percent>("percent", "Retries at once, of the requests at once.")
              .within(range(0, 100))
              .byDefault("20"),
          field<&M::min_retry_concurrency>("minRetryConcurrency", "Retries that always may be.")
              .byDefault("3"),
          field<&M::budget_interval>("budgetInterval", "Time over which requests are counted.")
              .byDefault("0s: the requests at this moment"),
      });
}

namespace {

/// The blocks that a policy and each port of it have.
template <typename M>
Fields<M> policyBlocks() {
  return {
      inherited<M, &M::load_balancer>("loadBalancer", "How an endpoint is chosen."),
      inherited<M, &M::connection_pool>("connectionPool", "Limits of connections and requests."),
      inherited<M, &M::outlier_detection>("outlierDetection", "When endpoints are left out."),
      inherited<M, &M::tls>("tls", "Encryption towards the endpoints."),
  };
}

}  // namespace

template <>
Message define<PortTrafficPolicy>() {
  using M = PortTrafficPolicy;
  Fields<M> fields = policyBlocks<M>();
  fields.insert(fields.begin(),
                field<&M::port, PortSelector>("port", "The port; instead of what is above it."));
  return MessageOf<M>("PortTrafficPolicy", fields);
}

template <>
Message define<TrafficPolicy>() {
  using M = TrafficPolicy;
  Fields<M> fields = policyBlocks<M>();
  const Fields<M> more = {
      field<&M::port_level_settings>("portLevelSettings", "Policies of single ports.")
          .within(atMostItems(4096)),
      field<&M::tunnel>("tunnel", "Tunnel TCP and TLS through HTTP."),
      field<&M::proxy_protocol>("proxyProtocol", "Tell the endpoint the client's address."),
      field<&M::retry_budget>("retryBudget", "How many retries may run at once."),
  };
  fields.insert(fields.end(), more.begin(), more.end());
  return MessageOf<M>("TrafficPolicy", fields);
}

template <>
Message define<PolicyBlocks>() {
  using M = PolicyBlocks;
  // MeshConfig.DefaultTrafficPolicy has these two only.
  return MessageOf<M>(
      "DefaultTrafficPolicy",
      {
          field<&M::connection_pool>("connectionPool", "Where no DestinationRule has one."),
          field<&M::outlier_detection>("outlierDetection", "Where no DestinationRule has one."),
      });
}

}  // namespace sluice::source
