// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/peer_proxies.h"

#include <fmt/format.h>

#include <thread>

#include "tests/support/files.h"

namespace sluice::test {

namespace {

using namespace std::chrono_literals;

constexpr const char* kServer = R"(daemon off;
worker_processes 1;
pid {0}/server-{1}.pid;
error_log stderr crit;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  default_type application/octet-stream;
  add_header x-version {1};
  server {{
{2}    root {0}/bodies;
    location = /100 {{ return 200 "{3}"; }}
  }}
}}
)";

constexpr const char* kNginx = R"(daemon off;
worker_processes 2;
pid {0}/proxy.pid;
error_log stderr crit;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  upstream v1 {{
    least_conn;
{1}    keepalive 512;
    keepalive_requests 100000000;
  }}
  upstream v2 {{
    least_conn;
{2}    keepalive 512;
    keepalive_requests 100000000;
  }}
  map $http_user_group $cluster {{ beta v2; default v1; }}
  server {{
    listen 127.0.0.1:9001 backlog=4096;
    location / {{
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_pass http://$cluster;
    }}
  }}
}}
)";

constexpr const char* kHaproxy = R"(global
  nbthread 2
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  option http-keep-alive
  http-reuse always
  balance leastconn
frontend in
  bind 127.0.0.1:9002 backlog 4096
  use_backend v2 if {{ req.hdr(user-group) -m str beta }}
  default_backend v1
backend v1
{0}backend v2
{1})";

constexpr const char* kEnvoy = R"(static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: 9003}}}}
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
                route: {{cluster: v2, timeout: 0s}}
              - match: {{prefix: /}}
                route: {{cluster: v1, timeout: 0s}}
  clusters:
{0}{1})";

constexpr const char* kEnvoyCluster = R"(  - name: {0}
    type: STATIC
    lb_policy: LEAST_REQUEST
    load_assignment:
      cluster_name: {0}
      endpoints:
      - lb_endpoints:
{1})";

constexpr const char* kEnvoyEndpoint =
    "        - endpoint: {{address: {{socket_address: {{address: {0}, port_value: {1}}}}}}}\n";

/// One line for each endpoint of `host`; {0}: address, {1}: port.
std::string lines(const Lab& lab, const char* host, const char* format) {
  std::string text;
  const std::string ip = lab.host(host).address4.text();
  for (int i = 0; i < kEndpoints; ++i)
    text += fmt::format(fmt::runtime(format), ip, kFirstPort + i);
  return text;
}

/// Whether the program is there.
bool isInstalled(const std::string& program) {
  const auto finished = run(nullptr, {"sh", "-c", "command -v " + program});
  return finished.ok() && finished->status == 0;
}

Result<void> waitFor(const Lab& lab, const std::string& url) {
  for (int i = 0; i < 100; ++i) {
    const auto answer = lab.run("web", {"curl", "-sf", "-o", "/dev/null", url + "/100"});
    if (answer.ok() && answer->status == 0) return {};
    std::this_thread::sleep_for(100ms);
  }
  return Error(Error::Code::kUnavailable, "nobody answers on " + url);
}

Result<void> startServer(const Lab& lab, const char* host, const char* version,
                         std::vector<Process>& processes) {
  const auto file = lab.directory() / fmt::format("server-{}.conf", version);
  SLUICE_TRY(writeFile(file, fmt::format(kServer, lab.directory().string(), version,
                                         lines(lab, host, "    listen {0}:{1} backlog=4096;\n"),
                                         std::string(100, 'x'))));
  auto process = lab.spawn(host, {"nginx", "-c", file, "-p", lab.directory()});
  if (!process) return std::move(process).error();
  processes.push_back(*std::move(process));
  return {};
}

struct Recipe {
  std::string name;
  uint16_t port;
  std::string file;
  std::string config;
  Arguments argv;
};

std::vector<Recipe> recipes(const Lab& lab, const std::string& envoy) {
  const auto path = [&](const char* file) { return (lab.directory() / file).string(); };
  const char* const server = "    server {0}:{1};\n";
  const char* const named = "  server s{1} {0}:{1}\n";
  std::vector<Recipe> all{
      {"nginx",
       9001,
       path("nginx-proxy.conf"),
       fmt::format(kNginx, lab.directory().string(), lines(lab, kHostOfV1, server),
                   lines(lab, kHostOfV2, server)),
       {"nginx", "-c", path("nginx-proxy.conf"), "-p", lab.directory()}},
      {"haproxy",
       9002,
       path("haproxy.cfg"),
       fmt::format(kHaproxy, lines(lab, kHostOfV1, named), lines(lab, kHostOfV2, named)),
       {"haproxy", "-db", "-f", path("haproxy.cfg")}}};
  if (envoy.empty()) return all;
  const auto cluster = [&](const char* name, const char* host) {
    return fmt::format(kEnvoyCluster, name, lines(lab, host, kEnvoyEndpoint));
  };
  all.push_back({"envoy",
                 9003,
                 path("envoy.yaml"),
                 fmt::format(kEnvoy, cluster("v1", kHostOfV1), cluster("v2", kHostOfV2)),
                 {envoy, "-c", path("envoy.yaml"), "--concurrency", "2", "-l", "error",
                  "--disable-hot-restart"}});
  return all;
}

}  // namespace

Result<std::vector<Process>> startServers(const Lab& lab) {
  const auto bodies = lab.directory() / "bodies";
  std::filesystem::create_directories(bodies);
  for (const size_t size : {size_t{16384}, size_t{1048576}})
    SLUICE_TRY(writeFile(bodies / std::to_string(size), std::string(size, 'b')));
  std::vector<Process> processes;
  SLUICE_TRY(startServer(lab, kHostOfV1, "v1", processes));
  SLUICE_TRY(startServer(lab, kHostOfV2, "v2", processes));
  for (const char* host : {kHostOfV1, kHostOfV2})
    SLUICE_TRY(
        waitFor(lab, fmt::format("http://{}:{}", lab.host(host).address4.text(), kFirstPort)));
  return processes;
}

Result<std::vector<PeerProxy>> startPeerProxies(const Lab& lab, const std::string& envoy,
                                                std::vector<Process>& processes) {
  std::vector<PeerProxy> proxies;
  for (const auto& recipe : recipes(lab, envoy)) {
    if (!isInstalled(recipe.argv.front())) {
      fmt::print(stderr, "left out, not installed: {}\n", recipe.name);
      continue;
    }
    SLUICE_TRY(writeFile(recipe.file, recipe.config));
    auto process = lab.spawn("web", recipe.argv);
    if (!process) return std::move(process).error();
    const auto url = fmt::format("http://127.0.0.1:{}", recipe.port);
    SLUICE_TRY(waitFor(lab, url));
    proxies.push_back({recipe.name, url, process->pid()});
    processes.push_back(*std::move(process));
  }
  return proxies;
}

}  // namespace sluice::test
