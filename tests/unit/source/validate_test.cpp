// SPDX-License-Identifier: Apache-2.0
// Kinds of Kubernetes and our own.
#include "tests/unit/source/validate_cases.h"

namespace sluice::source {
namespace {

std::string workload(const std::string& fields) {
  return "{apiVersion: sluice.io/v1, kind: Workload, metadata: {name: web}, spec: " + fields + "}";
}

std::string agent(const std::string& fields) {
  return "{apiVersion: sluice.io/v1, kind: Agent, metadata: {name: a}, spec: " + fields + "}";
}

TEST(Validate, OurKinds) {
  const std::string netns = "networkNamespace: /run/netns/web";
  check(std::vector<Refused>{
      {"workload", workload("{cgroup: /a/b, " + netns + "}")},
      {"no cgroup", workload("{" + netns + "}"), "spec.cgroup", "SLU1007"},
      {"relative", workload("{cgroup: a, " + netns + "}"), "spec.cgroup", "SLU1007"},
      {"whole node", workload("{cgroup: /, " + netns + "}"), "spec.cgroup", "SLU1007"},
      {"climbs", workload("{cgroup: /a/../.., " + netns + "}"), "spec.cgroup", "SLU1007"},
      {"no netns", workload("{cgroup: /a}"), "spec.networkNamespace", "SLU1007"},
      {"netns", workload("{cgroup: /a, networkNamespace: web}"), "spec.networkNamespace",
       "SLU1007"},
      {"policy", agent("{failPolicy: opn}"), "spec.failPolicy", "SLU1007"},
      {"drain", agent("{drain: later}"), "spec.drain", "SLU1007"},
      {"http10", agent("{http10: never}"), "spec.http10", "SLU1007"},
      {"largest body", agent("{maxRequestBodyBytes: -1}"), "spec.maxRequestBodyBytes", "SLU1007"},
      {"headers", agent("{headers: {envoy: 1}}"), "spec.headers.envoy", "SLU1004"},
      {"domain", agent("{clusterDomain: a_b}"), "spec.clusterDomain", "SLU1007"},
      {"root", agent("{rootNamespace: a.b}"), "spec.rootNamespace", "SLU1007"},
      {"node", agent("{nodeName: a_b}"), "spec.nodeName", "SLU1007"},
  });
}

TEST(Validate, MeshSettings) {
  const auto mesh = [](const std::string& fields) { return agent("{mesh: {" + fields + "}}"); };
  check(std::vector<Refused>{
      {"all", mesh("defaultServiceExportTo: ['~'], defaultVirtualServiceExportTo: ['.'], "
                   "defaultHttpRetryPolicy: {attempts: 3, retryOn: reset}, localityLbSetting: "
                   "{failover: [{from: a, to: b}]}, defaultTrafficPolicy: {outlierDetection: {}}")},
      {"services", mesh("defaultServiceExportTo: ['*', a]"), "spec.mesh.defaultServiceExportTo"},
      {"rules", mesh("defaultVirtualServiceExportTo: ['~']"),
       "spec.mesh.defaultVirtualServiceExportTo[0]"},
      {"policies", mesh("defaultDestinationRuleExportTo: [a_b]"),
       "spec.mesh.defaultDestinationRuleExportTo[0]"},
      {"retries", mesh("defaultHttpRetryPolicy: {attempts: 1, retryOn: x}"),
       "spec.mesh.defaultHttpRetryPolicy.retryOn"},
      {"failover", mesh("localityLbSetting: {failover: [{from: a, to: a}]}"),
       "spec.mesh.localityLbSetting.failover[0]"},
      {"pool", mesh("defaultTrafficPolicy: {connectionPool: {}}"),
       "spec.mesh.defaultTrafficPolicy.connectionPool"},
  });
  EXPECT_EQ(summary(mesh("localityLbSetting: {failover: [{from: a, to: b}]}")), "");
}

TEST(Validate, KubernetesKinds) {
  const auto service = [](const std::string& fields) {
    return "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: " + fields + "}";
  };
  const auto slice = [](const std::string& fields) {
    return "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, " + fields +
           "}";
  };
  const auto endpoints = [](const std::string& subset) {
    return "{apiVersion: v1, kind: Endpoints, metadata: {name: a}, subsets: [{" + subset + "}]}";
  };
  check(std::vector<Refused>{
      {"headless", service("{clusterIP: None, ports: [{port: 80}]}")},
      {"not allocated", service("{clusterIP: ''}")},
      {"port", service("{ports: [{port: 0}]}"), "spec.ports[0].port", "SLU1007"},
      {"no port", service("{ports: [{name: a}]}"), "spec.ports[0].port", "SLU1007"},
      {"address", service("{clusterIPs: [10.0.0]}"), "spec.clusterIPs[0]", "SLU1007"},
      {"slice port", slice("addressType: IPv4, ports: [{port: 0}]"), "ports[0].port", "SLU1007"},
      {"slice address", slice("addressType: IPv4, endpoints: [{addresses: [x]}]"),
       "endpoints[0].addresses[0]", "SLU1007"},
      {"names", slice("addressType: FQDN, endpoints: [{addresses: [x.org]}]")},
      {"old endpoints", endpoints("addresses: [{ip: 10.0.0.1}], ports: [{port: 80}]")},
      {"old endpoints' address", endpoints("addresses: [{ip: x}]"), "subsets[0].addresses[0].ip",
       "SLU1007"},
      {"old endpoints that are not ready", endpoints("notReadyAddresses: [{ip: x}]"),
       "subsets[0].notReadyAddresses[0].ip", "SLU1007"},
      {"old endpoints' port", endpoints("ports: [{port: 0}]"), "subsets[0].ports[0].port",
       "SLU1007"},
      {"pod", "{apiVersion: v1, kind: Pod, metadata: {name: a}, status: {podIP: x}}",
       "status.podIPs[0]", "SLU1007"},
      {"namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: A}}", "metadata.name",
       "SLU1007"},
      {"node", "{apiVersion: v1, kind: Node, metadata: {name: A_B}}", "metadata.name", "SLU1007"},
      {"deployment", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: A_B}}",
       "metadata.name", "SLU1007"},
  });
}

}  // namespace
}  // namespace sluice::source
