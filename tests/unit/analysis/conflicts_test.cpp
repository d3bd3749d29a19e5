// SPDX-License-Identifier: Apache-2.0
// Resources that contradict each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analysis/analyzed.h"

namespace sluice::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string rule(const std::string& name, const std::string& hosts, const std::string& more = "",
                 const std::string& in = "shop") {
  return virtualService(name,
                        "hosts: [" + hosts + "], " + more +
                            " http: [{route: [{destination: {host: a.shop.svc.cluster.local}}]}]",
                        in);
}

std::vector<std::string> conflicts(const std::string& yaml) {
  return findings(service("a") + yaml, "IST0109");
}

TEST(HostConflicts, OfOneHost) {
  EXPECT_THAT(conflicts(rule("one", "a") + rule("two", "a.shop.svc.cluster.local", "", "other")),
              ElementsAre("IST0109 VirtualService/shop/one spec.hosts",
                          "IST0109 VirtualService/other/two spec.hosts"));
  EXPECT_THAT(conflicts(rule("one", "a") + rule("two", "b")), IsEmpty());
  EXPECT_THAT(conflicts(rule("one", "a") + rule("two", "a", "", "other")), IsEmpty());
}

TEST(HostConflicts, NameTheOthersAndWhichOneWins) {
  EXPECT_EQ(sayingOf(service("a") + rule("one", "a") + rule("two", "a"), "IST0109"),
            "host \"a\" is also that of VirtualService shop/two / merge them into one: only the "
            "oldest takes effect in the mesh, shop/one");
  std::string many;
  for (int i = 0; i < 9; ++i) many += rule("v" + std::to_string(i), "a");
  EXPECT_THAT(sayingOf(service("a") + many, "IST0109"), HasSubstr("shop/v5 and others"));
}

TEST(HostConflicts, OnlyInTheMesh) {
  EXPECT_THAT(conflicts(rule("one", "a") + rule("two", "a", "gateways: [gw],")), IsEmpty());
  EXPECT_THAT(conflicts(rule("one", "a") + rule("two", "a", "gateways: [gw, mesh],")).size(), 2U);
}

TEST(HostConflicts, OnlyWhereTheSameClientsSeeBoth) {
  EXPECT_THAT(conflicts(rule("one", "a", "exportTo: [shop],") +
                        rule("two", "a.shop.svc.cluster.local", "exportTo: ['.'],", "other")),
              IsEmpty());
  EXPECT_THAT(
      conflicts(rule("one", "a", "exportTo: ['.'],") + rule("two", "a", "exportTo: [shop],"))
          .size(),
      2U);
  EXPECT_THAT(
      conflicts(rule("one", "a", "exportTo: ['.'],") + rule("two", "a", "exportTo: ['*'],")).size(),
      2U);
}

TEST(HostConflicts, OfWildcardsOnlyBetweenLimitedAndPublicRules) {
  // Among public rules the more specific one wins, as one expects.
  EXPECT_THAT(conflicts(rule("one", "'*.a.com'") + rule("two", "b.a.com")), IsEmpty());
  EXPECT_THAT(
      conflicts(rule("one", "'*.a.com'") + rule("two", "b.a.com", "exportTo: ['.'],")).size(), 2U);
  EXPECT_THAT(
      conflicts(rule("one", "b.a.com") + rule("two", "'*.a.com'", "exportTo: ['.'],")).size(), 2U);
  EXPECT_THAT(
      conflicts(rule("one", "'*.com'") + rule("two", "'*.a.com'", "exportTo: ['.'],")).size(), 2U);
  EXPECT_THAT(conflicts(rule("one", "'*.b.com'") + rule("two", "'*.a.com'", "exportTo: ['.'],")),
              IsEmpty());
}

std::string sidecar(const std::string& name, const std::string& selector) {
  return istio("Sidecar", name, "shop", selector + " egress: [{hosts: ['./*']}]");
}

TEST(Sidecars, SelectWorkloadsOfTheirNamespace) {
  const auto base = pod("a", "app: a") + pod("b", "app: b", "other");
  EXPECT_THAT(findings(base + sidecar("s", "workloadSelector: {labels: {app: a}},"), "IST"),
              IsEmpty());
  EXPECT_THAT(findings(base + sidecar("s", "workloadSelector: {labels: {app: b}},"), "IST"),
              ElementsAre("IST0101 Sidecar/shop/s spec.workloadSelector.labels"));
}

TEST(Sidecars, OneOfAWorkload) {
  EXPECT_THAT(findings(pod("a", "app: a, tier: x") + pod("b", "app: a, tier: x") +
                           sidecar("s", "workloadSelector: {labels: {app: a}},") +
                           sidecar("t", "workloadSelector: {labels: {tier: x}},"),
                       "IST"),
              ElementsAre("IST0110 Sidecar/shop/s spec.workloadSelector.labels",
                          "IST0110 Sidecar/shop/t spec.workloadSelector.labels"));
}

TEST(Sidecars, OneWithoutSelector) {
  EXPECT_THAT(findings(sidecar("s", "") + sidecar("t", ""), "IST"),
              ElementsAre("IST0111 Sidecar/shop/s", "IST0111 Sidecar/shop/t"));
  EXPECT_THAT(findings(sidecar("s", ""), "IST"), IsEmpty());
}

TEST(Sidecars, DoNothingInAmbientMode) {
  const auto in_namespace = [](const std::string& labels) {
    return "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {" + labels +
           "}}\n";
  };
  const std::string ambient = "istio.io/dataplane-mode: ambient";
  EXPECT_THAT(findings(in_namespace(ambient) + sidecar("s", ""), "IST"),
              ElementsAre("IST0167 Sidecar/shop/s"));
  EXPECT_THAT(
      findings(in_namespace(ambient + ", istio-injection: enabled") + sidecar("s", ""), "IST"),
      IsEmpty());
  EXPECT_THAT(findings(in_namespace(ambient + ", istio.io/rev: canary") + sidecar("s", ""), "IST"),
              IsEmpty());
  const auto ambient_pod = R"(---
apiVersion: v1
kind: Pod
metadata:
  {name: a, namespace: shop, labels: {app: a}, annotations: {ambient.istio.io/redirection: enabled}}
)";
  EXPECT_THAT(findings(ambient_pod + sidecar("s", "workloadSelector: {labels: {app: a}},"), "IST"),
              ElementsAre("IST0167 Sidecar/shop/s spec.workloadSelector.labels"));
}

std::string entry(const std::string& name, const std::string& protocol,
                  const std::string& more = "", const std::string& in = "shop") {
  return serviceEntry(name,
                      "hosts: [api.example], resolution: DNS, " + more +
                          " ports: [{number: 443, name: p, protocol: " + protocol + "}]",
                      in);
}

TEST(ServiceEntries, AgreeAboutAHostsPort) {
  EXPECT_THAT(findings(entry("a", "HTTPS") + entry("b", "HTTP"), "IST0177"),
              ElementsAre("IST0177 ServiceEntry/shop/a spec.ports",
                          "IST0177 ServiceEntry/shop/b spec.ports"));
  EXPECT_THAT(findings(entry("a", "HTTPS") + entry("b", "https"), "IST0177"), IsEmpty());
  EXPECT_THAT(findings(entry("a", "HTTPS", "exportTo: ['.'],") +
                           entry("b", "HTTP", "exportTo: ['.'],", "other"),
                       "IST0177"),
              IsEmpty());
  EXPECT_THAT(
      findings(entry("a", "HTTPS", "exportTo: ['.'],") + entry("b", "HTTP"), "IST0177").size(), 2U);
}

std::string deployment(const std::string& more = "", const std::string& template_metadata = "") {
  return "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: shop, labels: "
         "{" +
         more + "}}\nspec: {template: {metadata: {labels: {app: a, version: v1}, " +
         template_metadata + "}}}\n";
}

std::string of(const std::string& name, const std::string& ports, const std::string& in = "shop") {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: " + name + ", namespace: " + in +
         "}\nspec: {selector: {app: a}, ports: [" + ports + "]}\n";
}

const std::string kMeshNamespace =
    "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: "
    "enabled}}\n";

TEST(WorkloadServices, AgreeAboutProtocols) {
  const auto both = of("s", "{name: tcp-a, port: 80, protocol: TCP}") +
                    of("t", "{name: udp-a, port: 80, protocol: UDP}");
  EXPECT_THAT(findings(kMeshNamespace + deployment() + both, "IST"),
              ElementsAre("IST0116 Deployment/shop/d"));
  // Who has no proxy has no such problem.
  EXPECT_THAT(findings(deployment() + both, "IST"), IsEmpty());
  EXPECT_THAT(
      findings(deployment("", "annotations: {sidecar.istio.io/inject: 'true'}") + both, "IST")
          .size(),
      1U);
  EXPECT_THAT(findings(kMeshNamespace +
                           deployment("", "annotations: {sidecar.istio.io/inject: 'false'}") + both,
                       "IST"),
              IsEmpty());
  EXPECT_THAT(findings(kMeshNamespace +
                           deployment("gateway.istio.io/managed: istio.io-mesh-controller") + both,
                       "IST"),
              IsEmpty());
}

TEST(WorkloadServices, AgreeAboutTargetPorts) {
  const auto first = of("s", "{name: http, port: 80, targetPort: 8080}");
  EXPECT_THAT(findings(kMeshNamespace + deployment() + first +
                           of("t", "{name: http, port: 81, targetPort: 8080}"),
                       "IST"),
              ElementsAre("IST0137 Deployment/shop/d"));
  EXPECT_THAT(
      findings(kMeshNamespace + deployment() + first + of("t", "{name: http, port: 8080}"), "IST"),
      ElementsAre("IST0137 Deployment/shop/d"));
  EXPECT_THAT(findings(kMeshNamespace + deployment() + first +
                           of("t", "{name: http, port: 81, targetPort: 8080}", "other"),
                       "IST"),
              IsEmpty());
}

const std::string kExact =
    destinationRule("exact", "host: a, trafficPolicy: {loadBalancer: {simple: RANDOM}}");

TEST(DestinationRuleLookup, WildcardOfTheClientHidesTheExactRule) {
  const auto wildcard = [](const std::string& in) {
    return destinationRule("wild",
                           "host: '*.svc.cluster.local', "
                           "trafficPolicy: {loadBalancer: {simple: RANDOM}}",
                           in);
  };
  const auto base = service("a") + kExact;
  EXPECT_THAT(findings(base + wildcard("other"), "SLU2"),
              ElementsAre("SLU2004 DestinationRule/other/wild spec.host"));
  EXPECT_THAT(findings(base + wildcard("shop"), "SLU2"), IsEmpty());
  EXPECT_THAT(findings(base + wildcard("istio-system"), "SLU2"), IsEmpty());
}

TEST(DestinationRuleLookup, OfAThirdNamespaceIsForItsClientsAlone) {
  const auto third = [](const std::string& more, const std::string& in) {
    return destinationRule("d",
                           "host: a.shop.svc.cluster.local, " + more +
                               " trafficPolicy: {loadBalancer: {simple: RANDOM}}",
                           in);
  };
  EXPECT_THAT(findings(service("a") + third("", "other"), "SLU2"),
              ElementsAre("SLU2012 DestinationRule/other/d spec.host"));
  EXPECT_THAT(findings(service("a") + third("exportTo: ['.'],", "other"), "SLU2"), IsEmpty());
  EXPECT_THAT(findings(service("a") + third("", "istio-system"), "SLU2"), IsEmpty());
  EXPECT_THAT(findings(service("a") + third("", "shop"), "SLU2"), IsEmpty());
}

}  // namespace
}  // namespace sluice::analysis
