// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/peer_configs.h"

#include <fmt/format.h>

#include "tests/bench/proxy/servers.h"

namespace sluice::test {

namespace {

// Bodies are never written to a disk, as whoever cares about bulk transfer would have it.
constexpr const char* kNginx = R"(daemon off;
worker_processes 2;
pid {directory}/{name}.pid;
error_log stderr crit;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  keepalive_timeout 1h;
  keepalive_requests 100000000;
{upstreams}  map $http_user_group $cluster {{ beta v2; default v1; }}
  server {{
    listen {address}:{http1} backlog=4096;
    location / {{
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_max_temp_file_size 0;
      proxy_pass http://$cluster-http1;
    }}
  }}
  server {{
    listen {address}:{http2} http2 backlog=4096;
    location / {{
      grpc_set_header Host $host;
      grpc_pass grpc://$cluster-http2;
    }}
  }}
}}
)";

constexpr const char* kNginxUpstream = R"(  upstream {name} {{
    least_conn;
{servers}    keepalive 512;
    keepalive_requests 100000000;
  }}
)";

// HAProxy wants two files for each connection that it may get, or does not start. 10,000 idle
// clients need half of that, and not every machine allows so many.
constexpr const char* kHaproxy = R"(global
  nbthread 2
  no strict-limits
  maxconn 10240
defaults
  mode http
  maxconn 10240
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  option http-keep-alive
  http-reuse always
  balance leastconn
frontend http1
  bind {address}:{http1} backlog 4096
  use_backend v2-http1 if {{ req.hdr(user-group) -m str beta }}
  default_backend v1-http1
frontend http2
  bind {address}:{http2} backlog 4096 proto h2
  use_backend v2-http2 if {{ req.hdr(user-group) -m str beta }}
  default_backend v1-http2
{backends})";

constexpr const char* kEnvoy = R"(static_resources:
  listeners:
{listeners}  clusters:
{clusters})";

constexpr const char* kEnvoyListener =
    R"(  - address: {{socket_address: {{address: {address}, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          generate_request_id: false
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {{prefix: /, headers: [{{name: user-group, string_match: {{exact: beta}}}}]}}
                route: {{cluster: v2-{protocol}, timeout: 0s}}
              - match: {{prefix: /}}
                route: {{cluster: v1-{protocol}, timeout: 0s}}
)";

constexpr const char* kEnvoyCluster = R"(  - name: {name}
    type: STATIC
    lb_policy: LEAST_REQUEST
{options}    load_assignment:
      cluster_name: {name}
      endpoints:
      - lb_endpoints:
{servers})";

constexpr const char* kEnvoyHttp2 = R"(    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {http2_protocol_options: {}}
)";

/// One of the four sets of servers that a configuration names.
struct Cluster {
  const char* name;
  const char* host;
  uint16_t first_port;

  bool http2() const { return first_port == kHttp2Port; }
};

constexpr Cluster kClusters[] = {{"v1-http1", kHostOfV1, kHttp1Port},
                                 {"v2-http1", kHostOfV2, kHttp1Port},
                                 {"v1-http2", kHostOfV1, kHttp2Port},
                                 {"v2-http2", kHostOfV2, kHttp2Port}};

/// One line for each server of the cluster; {0}: address, {1}: port.
std::string servers(const Lab& lab, const Cluster& cluster, const char* line) {
  std::string text;
  const std::string ip = lab.host(cluster.host).address4.text();
  for (int i = 0; i < kEndpoints; ++i)
    text += fmt::format(fmt::runtime(line), ip, cluster.first_port + i);
  return text;
}

}  // namespace

std::string haproxyConfig(const Lab& lab, const PeerPlace& place) {
  std::string backends;
  for (const auto& cluster : kClusters)
    backends += fmt::format(
        "backend {}\n{}", cluster.name,
        servers(lab, cluster,
                cluster.http2() ? "  server s{1} {0}:{1} proto h2\n" : "  server s{1} {0}:{1}\n"));
  return fmt::format(kHaproxy, fmt::arg("address", place.address),
                     fmt::arg("http1", place.http1_port), fmt::arg("http2", place.http2_port),
                     fmt::arg("backends", backends));
}

std::string nginxConfig(const Lab& lab, const PeerPlace& place) {
  std::string upstreams;
  for (const auto& cluster : kClusters)
    upstreams += fmt::format(kNginxUpstream, fmt::arg("name", cluster.name),
                             fmt::arg("servers", servers(lab, cluster, "    server {0}:{1};\n")));
  return fmt::format(kNginx, fmt::arg("directory", lab.directory().string()),
                     fmt::arg("name", place.name), fmt::arg("address", place.address),
                     fmt::arg("http1", place.http1_port), fmt::arg("http2", place.http2_port),
                     fmt::arg("upstreams", upstreams));
}

std::string envoyConfig(const Lab& lab, const PeerPlace& place) {
  constexpr const char* kServer =
      "        - endpoint: {{address: {{socket_address: {{address: {0}, port_value: {1}}}}}}}\n";
  std::string listeners, clusters;
  for (const auto& [port, protocol] :
       {std::pair{place.http1_port, "http1"}, {place.http2_port, "http2"}})
    listeners += fmt::format(kEnvoyListener, fmt::arg("address", place.address),
                             fmt::arg("port", port), fmt::arg("protocol", protocol));
  for (const auto& cluster : kClusters)
    clusters += fmt::format(kEnvoyCluster, fmt::arg("name", cluster.name),
                            fmt::arg("options", cluster.http2() ? kEnvoyHttp2 : ""),
                            fmt::arg("servers", servers(lab, cluster, kServer)));
  return fmt::format(kEnvoy, fmt::arg("listeners", listeners), fmt::arg("clusters", clusters));
}

}  // namespace sluice::test
