// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tests/support/topology.h"

namespace sluice::test {
namespace {

std::string podYaml(const Server& server, const Place& host) {
  return fmt::format(R"(apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: default
  labels: {{app: {app}, version: {version}}}
status:
  phase: Running
  podIPs:
    - ip: {ip4}
    - ip: {ip6}
---
)",
                     fmt::arg("name", server.host), fmt::arg("app", server.app),
                     fmt::arg("version", server.version), fmt::arg("ip4", host.address4.text()),
                     fmt::arg("ip6", host.address6.text()));
}

std::string serviceYaml(const std::string& app, const IpAddress& ip4, const IpAddress& ip6) {
  return fmt::format(R"(apiVersion: v1
kind: Service
metadata:
  name: {app}
  namespace: default
spec:
  selector: {{app: {app}}}
  clusterIP: {ip4}
  clusterIPs:
    - {ip4}
    - "{ip6}"
  ports:
    - {{name: http, port: 80, targetPort: 8080, protocol: TCP}}
    - {{name: tcp-echo, port: 9000, targetPort: 9090, protocol: TCP}}
---
)",
                     fmt::arg("app", app), fmt::arg("ip4", ip4.text()),
                     fmt::arg("ip6", ip6.text()));
}

std::string sliceYaml(const Lab& lab, const std::string& app, bool v4) {
  std::string text = fmt::format(R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: {app}-{family}
  namespace: default
  labels: {{kubernetes.io/service-name: {app}}}
addressType: {type}
ports:
  - {{name: http, port: 8080, protocol: TCP}}
  - {{name: tcp-echo, port: 9090, protocol: TCP}}
endpoints:
)",
                                 fmt::arg("app", app), fmt::arg("family", v4 ? "v4" : "v6"),
                                 fmt::arg("type", v4 ? "IPv4" : "IPv6"));
  for (const auto& server : servers()) {
    if (server.app != app) continue;
    const Place& host = lab.host(server.host);
    text += fmt::format(R"(  - addresses: ["{}"]
    conditions: {{ready: true}}
    targetRef: {{kind: Pod, name: {}, namespace: default}}
)",
                        (v4 ? host.address4 : host.address6).text(), server.host);
  }
  return text + "---\n";
}

std::string workloadYaml(const std::string& name, const Place& host) {
  return fmt::format(R"(apiVersion: sluice.io/v1
kind: Workload
metadata:
  name: {name}
  namespace: default
  labels: {{app: {name}}}
spec:
  cgroup: {cgroup}
  networkNamespace: {network}
)",
                     fmt::arg("name", name), fmt::arg("cgroup", host.cgroup),
                     fmt::arg("network", host.network_namespace));
}

}  // namespace

std::string registryYaml(const Lab& lab) {
  std::string text = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: default\n---\n";
  text += serviceYaml("product-api", Topology::productApi4(), Topology::productApi6());
  text += serviceYaml("ratings", Topology::ratings4(), Topology::ratings6());
  for (const bool v4 : {true, false})
    for (const char* app : {"product-api", "ratings"}) text += sliceYaml(lab, app, v4);
  for (const auto& server : servers()) text += podYaml(server, lab.host(server.host));
  return text + workloadYaml("web", lab.host("web"));
}

}  // namespace sluice::test
