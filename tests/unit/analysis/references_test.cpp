// SPDX-License-Identifier: Apache-2.0
// References that lead nowhere: hosts, ports, subsets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analysis/analyzed.h"

namespace sluice::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kOfRule = "VirtualService/shop/rule ";
const std::string kRoute = "spec.http[0].route[0].destination";

std::string ruleTo(const std::string& destination, const std::string& more = "") {
  return virtualService("rule", "hosts: [catalog], " + more + " http: [{route: [{destination: {" +
                                    destination + "}}]}]");
}

TEST(DestinationHosts, MustExist) {
  EXPECT_THAT(findings(service("catalog") + ruleTo("host: catalogue"), "IST"),
              ElementsAre("IST0101 " + kOfRule + kRoute + ".host"));
  EXPECT_THAT(findings(service("catalog") + ruleTo("host: catalog"), "IST"), IsEmpty());
  EXPECT_THAT(findings(service("catalog") + ruleTo("host: Catalog.shop.svc.cluster.local"), "IST"),
              IsEmpty());
}

TEST(DestinationHosts, PointsAtTheVeryField) {
  const auto all = analyzed(service("catalog") + virtualService("rule", R"(
  hosts: [catalog],
  http: [{route: [{destination: {
    host: nowhere}}]}])"))
                       .diagnostics;
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].position.text(), "t.yaml:13:11");
}

TEST(DestinationHosts, OfTcpAndTlsRulesAndMirrors) {
  EXPECT_THAT(
      findings(service("catalog", "shop", "{name: tcp, port: 80}") + virtualService("rule", R"(
  hosts: [catalog],
  tcp: [{route: [{destination: {host: a}}]}],
  tls: [{match: [{sniHosts: [catalog]}], route: [{destination: {host: b}}]}],
  http: [{route: [{destination: {host: catalog}}], mirrors: [{destination: {host: c}}]}])"),
               "IST"),
      ElementsAre("IST0101 " + kOfRule + "spec.tcp[0].route[0].destination.host",
                  "IST0101 " + kOfRule + "spec.tls[0].route[0].destination.host",
                  "IST0101 " + kOfRule + "spec.http[0].mirrors[0].destination.host"));
}

TEST(DestinationHosts, NameAndNamespaceAreNoName) {
  EXPECT_THAT(sayingOf(service("catalog") + ruleTo("host: catalog.shop"), "IST0101"),
              HasSubstr("write catalog.shop.svc.cluster.local"));
}

TEST(DestinationHosts, OfAnotherNamespaceAreHintedAt) {
  EXPECT_THAT(sayingOf(service("catalog", "other") + ruleTo("host: catalog"), "IST0101"),
              HasSubstr("write catalog.other.svc.cluster.local"));
}

TEST(DestinationHosts, MustBeVisible) {
  const auto hidden = service("catalog", "other", "{name: http, port: 80}",
                              "networking.istio.io/exportTo: 'bank, .'");
  const auto to = "host: catalog.other.svc.cluster.local";
  EXPECT_THAT(sayingOf(hidden + ruleTo(to), "IST0101"), HasSubstr("exported to bank, other alone"));
  // A rule sees what its clients see.
  EXPECT_THAT(findings(hidden + ruleTo(to, "exportTo: [bank],"), "IST"), IsEmpty());
  EXPECT_THAT(findings(hidden + ruleTo(to, "exportTo: [shop],"), "IST").size(), 1U);
}

TEST(DestinationHosts, OfTheMeshsDefaultVisibility) {
  FileOptions options;
  options.mesh_config.default_service_export_to = {"."};
  const auto yaml = service("catalog", "other") + ruleTo("host: catalog.other.svc.cluster.local");
  EXPECT_THAT(findings(yaml, "IST", options), ElementsAre("IST0101 " + kOfRule + kRoute + ".host"));
}

TEST(DestinationHosts, MayBeThoseOfServiceEntries) {
  const auto entry = serviceEntry("e", R"(hosts: [api.example, "*.eu.example"], resolution: DNS,
    ports: [{number: 443, name: tls, protocol: TLS}])");
  EXPECT_THAT(findings(entry + ruleTo("host: api.example"), "IST0101"), IsEmpty());
  EXPECT_THAT(findings(entry + ruleTo("host: a.b.eu.example"), "IST0101"), IsEmpty());
  EXPECT_THAT(findings(entry + ruleTo("host: eu.example"), "IST0101").size(), 1U);
}

TEST(DestinationHosts, MayBeThoseOfRefusedServiceEntries) {
  // The entry has no port: its own error is enough.
  EXPECT_THAT(
      findings(serviceEntry("e", "hosts: [api.example]") + ruleTo("host: api.example"), "IST0101"),
      IsEmpty());
}

TEST(DestinationHosts, OfRefusedRulesAreLookedAt) {
  const auto yaml = virtualService(
      "rule", "hosts: [catalog], http: [{timeout: 0s, route: [{destination: {host: nowhere}}]}]");
  EXPECT_THAT(findings(yaml, "IST"), ElementsAre("IST0106 " + kOfRule + "spec.http[0].timeout",
                                                 "IST0101 " + kOfRule + kRoute + ".host"));
}

TEST(DestinationPorts, MustExist) {
  const auto yaml = service("catalog") + ruleTo("host: catalog, port: {number: 81}");
  EXPECT_THAT(findings(yaml, "IST"), ElementsAre("IST0101 " + kOfRule + kRoute + ".port"));
  EXPECT_EQ(sayingOf(yaml, "IST0101"), "\"catalog\" has no port 81 / it has 80");
}

TEST(DestinationPorts, MustBeChosenAmongSeveral) {
  const auto two = service("catalog", "shop", "{name: http, port: 80}, {name: http-b, port: 81}");
  EXPECT_THAT(findings(two + ruleTo("host: catalog"), "IST"),
              ElementsAre("IST0112 " + kOfRule + kRoute));
  EXPECT_THAT(findings(two + ruleTo("host: catalog, port: {number: 81}"), "IST"), IsEmpty());
}

TEST(DestinationSubsets, MustBeDefinedForTheHost) {
  const auto base = service("catalog") + pod("a", "app: catalog, version: v1");
  const auto rule = [](const std::string& host, const std::string& in) {
    return destinationRule("d", "host: " + host + ", subsets: [{name: v1, labels: {version: v1}}]",
                           in);
  };
  const auto to = ruleTo("host: catalog, subset: v1");
  EXPECT_THAT(findings(base + to, "IST0101"),
              ElementsAre("IST0101 " + kOfRule + kRoute + ".subset"));
  EXPECT_THAT(findings(base + rule("catalog", "shop") + to, "IST"), IsEmpty());
  EXPECT_THAT(findings(base + rule("'*.shop.svc.cluster.local'", "shop") + to, "IST"), IsEmpty());
  EXPECT_THAT(findings(base + rule("catalog.shop.svc.cluster.local", "other") + to, "IST"),
              IsEmpty());
  // The short name of another namespace is another host.
  EXPECT_THAT(findings(base + rule("catalog", "other") + to, "IST0101").size(), 1U);
  EXPECT_EQ(
      sayingOf(base + rule("catalog", "shop") + ruleTo("host: catalog, subset: v2"), "IST0101"),
      "no DestinationRule defines subset \"v2\" of \"catalog\" / the subsets of "
      "catalog.shop.svc.cluster.local are v1");
}

TEST(DestinationRuleHosts, MustExist) {
  const auto rule = [](const std::string& host) {
    return destinationRule("d",
                           "host: " + host + ", trafficPolicy: {loadBalancer: {simple: RANDOM}}");
  };
  EXPECT_THAT(findings(service("catalog") + rule("catalgo"), "IST"),
              ElementsAre("IST0174 DestinationRule/shop/d spec.host"));
  EXPECT_THAT(findings(service("catalog") + rule("catalog"), "IST"), IsEmpty());
  EXPECT_THAT(findings(service("catalog") + rule("'*.shop.svc.cluster.local'"), "IST"), IsEmpty());
  EXPECT_THAT(findings(service("catalog") + rule("'*.other.svc.cluster.local'"), "IST").size(), 1U);
  EXPECT_THAT(sayingOf(service("catalog") + rule("catalog.shop"), "IST0174"),
              HasSubstr("write catalog.shop.svc.cluster.local"));
}

std::string subsetRule(const std::string& labels, const std::string& host = "catalog") {
  return destinationRule("d", "host: " + host + ", subsets: [{name: a, labels: {" + labels + "}}]");
}

const std::string kSubset = "IST0173 DestinationRule/shop/d spec.subsets[0].labels";

TEST(SubsetWorkloads, AreThoseOfTheService) {
  const auto base = service("catalog") + pod("a", "app: catalog, version: v1") +
                    pod("b", "app: ratings, version: v2") + pod("c", "app: catalog", "other");
  EXPECT_THAT(findings(base + subsetRule("version: v1"), "IST"), IsEmpty());
  EXPECT_THAT(findings(base + subsetRule("version: v2"), "IST"), ElementsAre(kSubset));
  EXPECT_THAT(findings(base + subsetRule("app: ratings"), "IST"), ElementsAre(kSubset));
}

TEST(SubsetWorkloads, MayBeThoseThatADeploymentMakes) {
  const auto deployment = R"(---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: shop}
spec: {template: {metadata: {labels: {app: catalog, version: v1}}}}
)";
  EXPECT_THAT(findings(service("catalog") + deployment + subsetRule("version: v1"), "IST"),
              IsEmpty());
  // On which node its pods will run, nobody knows yet.
  EXPECT_THAT(
      findings(service("catalog") + deployment + subsetRule("topology.kubernetes.io/zone: z1"),
               "IST"),
      IsEmpty());
}

TEST(SubsetWorkloads, HaveTheLabelsOfTheirNode) {
  const auto base = service("catalog") + pod("a", "app: catalog", "shop", "nodeName: n1") + R"(---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {topology.kubernetes.io/region: r1, topology.kubernetes.io/zone: ""}}
)";
  EXPECT_THAT(findings(base + subsetRule("topology.kubernetes.io/region: r1"), "IST"), IsEmpty());
  EXPECT_THAT(findings(base + subsetRule("kubernetes.io/hostname: n1"), "IST"), IsEmpty());
  EXPECT_THAT(findings(base + subsetRule("topology.kubernetes.io/region: r2"), "IST").size(), 1U);
  EXPECT_THAT(findings(base + subsetRule("topology.kubernetes.io/zone: ''"), "IST").size(), 1U);
}

TEST(SubsetWorkloads, OfServiceEntriesAreEndpointsAndSelectedWorkloads) {
  const auto entry = [](const std::string& more) {
    return serviceEntry("e",
                        "hosts: [api.example], location: MESH_INTERNAL, resolution: STATIC, "
                        "ports: [{number: 80, name: http, protocol: HTTP}], " +
                            more);
  };
  const auto rule = subsetRule("version: v1", "api.example");
  EXPECT_THAT(
      findings(entry("endpoints: [{address: 10.0.0.1, labels: {version: v1}}]") + rule, "IST"),
      IsEmpty());
  EXPECT_THAT(findings(entry("endpoints: [{address: 10.0.0.1}]") + rule, "IST"),
              ElementsAre(kSubset));
  const auto selecting = entry("workloadSelector: {labels: {app: api}}");
  EXPECT_THAT(findings(selecting + rule, "IST"), ElementsAre(kSubset));
  EXPECT_THAT(findings(selecting + rule +
                           istio("WorkloadEntry", "w", "shop",
                                 "address: 10.0.0.1, labels: {app: api, version: v1}"),
                       "IST"),
              IsEmpty());
}

TEST(VirtualServiceHosts, AreThoseOfServices) {
  const auto rule = [](const std::string& host) {
    return virtualService(
        "rule", "hosts: ['" + host + "'], http: [{route: [{destination: {host: catalog}}]}]");
  };
  const auto base = service("catalog");
  EXPECT_THAT(findings(base + rule("catalog"), "SLU2"), IsEmpty());
  EXPECT_THAT(findings(base + rule("*.shop.svc.cluster.local"), "SLU2"), IsEmpty());
  EXPECT_THAT(findings(base + rule("10.0.0.1"), "SLU2"), IsEmpty());
  EXPECT_THAT(findings(base + rule("www.example.com"), "SLU2"),
              ElementsAre("SLU2013 " + kOfRule + "spec.hosts[0]"));
  EXPECT_THAT(findings(base + rule("catalog.shop"), "SLU2"),
              ElementsAre("SLU2005 " + kOfRule + "spec.hosts[0]"));
  EXPECT_THAT(sayingOf(base + rule("catalog.shop"), "SLU2005"),
              HasSubstr("write catalog.shop.svc.cluster.local"));
}

}  // namespace
}  // namespace sluice::analysis
