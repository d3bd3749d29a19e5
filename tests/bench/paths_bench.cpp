// SPDX-License-Identifier: Apache-2.0
// What the paths cost against direct TCP: the same client, the same server and the same load, one
// after the other in alternating rounds. Only the ratios mean anything, and only of one run.
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/bench/ratio.h"
#include "tests/support/files.h"
#include "tests/support/sluiced_process.h"
#include "tests/support/topology.h"

namespace sluice::test {
namespace {

constexpr const char* kServer = "ratings-v1";
constexpr const char* kPlainIp = "10.96.0.40";
constexpr const char* kRuledIp = "10.96.0.41";

constexpr const char* kNginx = R"(daemon off;
worker_processes 1;
pid {0}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  server {{ listen 8081 backlog=4096; return 200 "{1}"; }}
}}
)";

/// The same server twice: `plain` takes the connect path, `ruled` has a header rule.
constexpr const char* kService = R"(apiVersion: v1
kind: Service
metadata: {{name: {0}, namespace: default}}
spec:
  clusterIP: {1}
  ports: [{{name: http, port: 80, protocol: TCP}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {0}, namespace: default, labels: {{kubernetes.io/service-name: {0}}}}}
addressType: IPv4
ports: [{{name: http, port: 8081, protocol: TCP}}]
endpoints: [{{addresses: [{2}]}}]
---
)";

constexpr const char* kRule = R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ruled, namespace: default}
spec:
  hosts: [ruled]
  http:
  - match: [{headers: {user-group: {exact: beta}}}]
    route: [{destination: {host: plain}}]
  - route: [{destination: {host: ruled}}]
)";

/// One load, and the address that it is sent to in rounds A (direct) and B (through Sluice).
struct Comparison {
  std::string name;
  std::vector<std::string> wrk;
  std::string through;
};

Result<double> requestsPerSecond(const Lab& lab, const Comparison& comparison,
                                 const std::string& url) {
  Arguments argv = {"wrk", "-t1"};
  argv.insert(argv.end(), comparison.wrk.begin(), comparison.wrk.end());
  argv.push_back(url);
  auto finished = lab.run("web", argv);
  if (!finished) return std::move(finished).error();
  constexpr std::string_view kLabel = "Requests/sec:";
  const size_t found = finished->out.find(kLabel);
  if (finished->status != 0 || found == std::string::npos ||
      finished->out.find("Non-2xx") != std::string::npos ||
      finished->out.find("Socket errors") != std::string::npos)
    return Error(Error::Code::kInvalid, "wrk: " + finished->out + finished->err);
  return std::strtod(finished->out.c_str() + found + kLabel.size(), nullptr);
}

Result<void> compare(const Lab& lab, const Comparison& comparison, int pairs) {
  const std::string direct = fmt::format("http://{}:8081/", lab.host(kServer).address4.text());
  std::vector<double> ratios;
  for (int pair = 0; pair < pairs; ++pair) {
    auto a = requestsPerSecond(lab, comparison, direct);
    if (!a) return std::move(a).error();
    auto b = requestsPerSecond(lab, comparison, comparison.through);
    if (!b) return std::move(b).error();
    ratios.push_back(*b / *a);
  }
  fmt::print("{:<44} {}\n", comparison.name, ratioOf(ratios).text());
  std::fflush(stdout);
  return {};
}

Result<Process> startServer(const Lab& lab) {
  const auto file = lab.directory() / "nginx.conf";
  SLUICE_TRY(writeFile(file, fmt::format(kNginx, lab.directory().string(), std::string(100, 'x'))));
  return lab.spawn(kServer, {"nginx", "-c", file, "-p", lab.directory()});
}

Result<void> applyRules(const Topology& shop, const SluicedProcess& sluiced) {
  const std::string ip = shop.lab().host(kServer).address4.text();
  SLUICE_TRY(shop.applyText("bench.yaml", fmt::format(kService, "plain", kPlainIp, ip) +
                                              fmt::format(kService, "ruled", kRuledIp, ip) +
                                              kRule));
  return sluiced.waitApplied();
}

Result<void> bench(int pairs) {
  auto shop = Topology::start();
  if (!shop) return std::move(shop).error();
  auto server = startServer(shop->lab());
  if (!server) return std::move(server).error();
  auto sluiced = SluicedProcess::start(shop->lab());
  if (!sluiced) return std::move(sluiced).error();
  SLUICE_TRY(applyRules(*shop, *sluiced));
  const std::string plain = fmt::format("http://{}/", kPlainIp);
  const std::string ruled = fmt::format("http://{}/", kRuledIp);
  fmt::print("Rate through Sluice / rate of direct TCP: mean and 95 % interval of {} pairs\n\n",
             pairs);
  const std::vector<std::string> keep = {"-c32", "-d1s"};
  const std::vector<std::string> close = {"-c16", "-d1s", "-H", "Connection: close"};
  SLUICE_TRY(compare(shop->lab(), {"connect path, new connections", close, plain}, pairs));
  SLUICE_TRY(compare(shop->lab(), {"connect path, 32 keep-alive connections", keep, plain}, pairs));
  SLUICE_TRY(compare(shop->lab(), {"proxy path, new connections", close, ruled}, pairs));
  return compare(shop->lab(), {"proxy path, 32 keep-alive connections", keep, ruled}, pairs);
}

}  // namespace
}  // namespace sluice::test

int main() {
  constexpr int kPairs = 20;
  const auto result = sluice::test::bench(kPairs);
  if (result.ok()) return 0;
  fmt::print(stderr, "bench: {}\n", result.error().message());
  return 1;
}
