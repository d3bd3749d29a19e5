// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/rules.h"

#include <fmt/format.h>

#include "tests/bench/proxy/servers.h"

namespace sluice::test {

namespace {

struct Service {
  const char* name;
  const char* address;
  const char* protocol;  ///< of its port
  uint16_t first_port;   ///< of the endpoints
};

constexpr Service kHttp{"http", "10.96.0.50", "HTTP", kHttp1Port};
constexpr Service kHttp2{"http2", "10.96.0.51", "HTTP2", kHttp2Port};
constexpr Service kGrpc{"grpc", "10.96.0.52", "GRPC", kHttp2Port};
constexpr Service kMany{"many", "10.96.0.53", "HTTP", kHttp1Port};

SocketAddress addressOf(const Service& service) { return {*IpAddress::parse(service.address), 80}; }

std::string endpoints(const Lab& lab, const Service& service) {
  std::string text;
  for (const auto& [host, version] : {std::pair{kHostOfV1, "v1"}, {kHostOfV2, "v2"}})
    for (int i = 0; i < kEndpoints; ++i)
      text += fmt::format("  - {{address: {}, ports: {{main: {}}}, labels: {{version: {}}}}}\n",
                          lab.host(host).address4.text(), service.first_port + i, version);
  return text;
}

std::string rule(const Service& service, const std::string& group, const char* subset) {
  return fmt::format(R"(  - match: [{{headers: {{user-group: {{exact: {}}}}}}}]
    route: [{{destination: {{host: {}.example, subset: {}}}}}]
)",
                     group, service.name, subset);
}

/// `count` rules, the last of which is the one of the benchmark.
std::string rules(const Service& service, int count) {
  std::string text;
  for (int i = 1; i < count; ++i) text += rule(service, fmt::format("group-{}", i), "v1");
  return text + rule(service, "beta", "v2");
}

std::string serviceYaml(const Lab& lab, const Service& service, int count) {
  return fmt::format(R"(apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: {name}, namespace: default}}
spec:
  hosts: [{name}.example]
  addresses: [{address}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{{number: 80, name: main, protocol: {protocol}}}]
  endpoints:
{endpoints}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name}, namespace: default}}
spec:
  host: {name}.example
  subsets:
  - {{name: v1, labels: {{version: v1}}}}
  - {{name: v2, labels: {{version: v2}}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: default}}
spec:
  hosts: [{name}.example]
  http:
{rules}  - route: [{{destination: {{host: {name}.example, subset: v1}}}}]
---
)",
                     fmt::arg("name", service.name), fmt::arg("address", service.address),
                     fmt::arg("protocol", service.protocol),
                     fmt::arg("endpoints", endpoints(lab, service)),
                     fmt::arg("rules", rules(service, count)));
}

std::string workloadYaml(const Place& pod) {
  return fmt::format(R"(apiVersion: sluice.io/v1
kind: Workload
metadata: {{name: {}, namespace: default}}
spec: {{cgroup: {}, networkNamespace: {}}}
---
)",
                     pod.name, pod.cgroup, pod.network_namespace);
}

}  // namespace

std::string sluiceRules(const Lab& lab, const std::vector<std::string>& pods) {
  std::string text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n---\n";
  for (const auto& one : {kHttp, kHttp2, kGrpc}) text += serviceYaml(lab, one, 1);
  text += serviceYaml(lab, kMany, kManyRules);
  for (const auto& pod : pods) text += workloadYaml(lab.host(pod));
  return text;
}

SocketAddress serviceOf(Protocol protocol) {
  if (protocol == Protocol::kHttp1) return addressOf(kHttp);
  return addressOf(protocol == Protocol::kHttp2 ? kHttp2 : kGrpc);
}

SocketAddress serviceWithManyRules() { return addressOf(kMany); }

}  // namespace sluice::test
