// SPDX-License-Identifier: Apache-2.0
// Declarations that do less than one expects.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analysis/analyzed.h"

namespace sluice::analysis {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kPortName = "IST0118 Service/shop/a spec.ports[0].name";

TEST(PortNames, SayTheProtocol) {
  const auto of = [](const std::string& port) {
    return findings(service("a", "shop", port), "IST");
  };
  EXPECT_THAT(of("{name: web, port: 80}"), ElementsAre(kPortName));
  EXPECT_THAT(of("{port: 8080}"), ElementsAre(kPortName));
  for (const char* said :
       {"{name: http, port: 80}", "{name: grpc-web-a, port: 80}", "{name: tcp-db, port: 80}",
        "{name: web, port: 80, appProtocol: http}", "{name: mesh, port: 80, appProtocol: hbone}",
        "{name: web, port: 80, protocol: UDP}", "{name: db, port: 3306}"}) {
    EXPECT_THAT(of(said), IsEmpty()) << said;
  }
}

TEST(PortNames, OfSystemServicesAreLeftAlone) {
  EXPECT_THAT(findings(service("a", "kube-system", "{name: web, port: 80}"), "IST"), IsEmpty());
  EXPECT_THAT(
      findings("apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {istio: pilot}}\n"
               "spec: {ports: [{name: web, port: 80}]}"),
      IsEmpty());
}

TEST(PortNames, OfExternalNames) {
  const auto alias = [](const std::string& name) {
    return findings(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\nspec: "
        "{type: ExternalName, externalName: x.example, ports: [{name: " +
            name + ", port: 443}]}",
        "IST");
  };
  EXPECT_THAT(alias("nginx"), ElementsAre("IST0150 Service/shop/a spec.ports[0].name"));
  EXPECT_THAT(alias("tcp"), ElementsAre("IST0150 Service/shop/a spec.ports[0].name"));
  EXPECT_THAT(alias("https"), IsEmpty());
}

TEST(GrpcPorts, AreNotTcp) {
  EXPECT_THAT(findings(service("a", "shop", "{name: tcp-grpc, port: 80}"), "SLU2"),
              ElementsAre("SLU2009 Service/shop/a spec.ports[0].name"));
  EXPECT_THAT(findings(service("a", "shop", "{name: grpc, port: 80}"), "SLU2"), IsEmpty());
  EXPECT_THAT(
      findings(service("a", "shop", "{name: tcp, port: 80, targetPort: grpc}"), "SLU2").size(), 1U);
}

TEST(HttpPorts, AreNeededByHttpRules) {
  const auto rule = virtualService("v", "hosts: [a], http: [{route: [{destination: {host: a}}]}]");
  const auto of = [&](const std::string& ports) {
    return findings(service("a", "shop", ports) + rule, "SLU2");
  };
  EXPECT_THAT(of("{name: tcp-web, port: 80}"),
              ElementsAre("SLU2003 VirtualService/shop/v spec.http"));
  EXPECT_THAT(of("{name: http, port: 80}"), IsEmpty());
  // The protocol is detected.
  EXPECT_THAT(of("{name: web, port: 80}"), IsEmpty());
  EXPECT_EQ(sayingOf(service("a", "shop", "{name: tcp-web, port: 80}") + rule, "SLU2003"),
            "no port of \"a\" is declared as HTTP: 80 (tcp-web) / name the Service's port http, "
            "http-web or grpc, or set its appProtocol");
}

TEST(HttpPorts, OfServiceEntries) {
  const auto of = [](const std::string& protocol) {
    return findings(serviceEntry("e",
                                 "hosts: [a.example], resolution: DNS, ports: [{number: 80, "
                                 "name: p, protocol: " +
                                     protocol + "}]") +
                        virtualService("v",
                                       "hosts: [a.example], http: [{route: [{destination: "
                                       "{host: a.example}}]}]"),
                    "SLU2");
  };
  EXPECT_THAT(of("TLS"), ElementsAre("SLU2003 VirtualService/shop/v spec.http"));
  EXPECT_THAT(of("HTTP2"), IsEmpty());
}

std::string tlsRule(const std::string& policy, const std::string& more = "") {
  return service("a") +
         destinationRule("d", "host: a, " + more + " trafficPolicy: {" + policy + "}");
}

TEST(TlsCertificates, VerifyTheServer) {
  EXPECT_THAT(findings(tlsRule("tls: {mode: SIMPLE}"), "IST"),
              ElementsAre("IST0128 DestinationRule/shop/d spec.trafficPolicy.tls"));
  EXPECT_THAT(
      findings(tlsRule("portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]"), "IST"),
      ElementsAre("IST0129 DestinationRule/shop/d spec.trafficPolicy.portLevelSettings[0].tls"));
  EXPECT_THAT(findings(tlsRule("tls: {mode: SIMPLE, caCertificates: /ca.pem}"), "IST"), IsEmpty());
  EXPECT_THAT(findings(tlsRule("tls: {mode: ISTIO_MUTUAL}"), "IST"), IsEmpty());
}

TEST(TlsCertificates, MayBeInACredentialOfSelectedWorkloads) {
  const std::string tls = "tls: {mode: SIMPLE, credentialName: c}";
  EXPECT_THAT(findings(tlsRule(tls), "IST0128").size(), 1U);
  EXPECT_THAT(findings(tlsRule(tls, "workloadSelector: {matchLabels: {app: x}},"), "IST"),
              IsEmpty());
}

std::string entryOf(const std::string& protocol, const std::string& more = "") {
  return serviceEntry("e", "hosts: [a.example], resolution: DNS, " + more +
                               " ports: [{number: 22, name: p, protocol: '" + protocol + "'}]");
}

TEST(ServiceEntryAddresses, AreNeededByTcpPorts) {
  const auto found = ElementsAre("IST0134 ServiceEntry/shop/e spec.ports[0]");
  EXPECT_THAT(findings(entryOf("TCP"), "IST0134"), found);
  EXPECT_THAT(findings(entryOf("tcp"), "IST0134"), found);
  EXPECT_THAT(findings(entryOf(""), "IST0134"), found);
  EXPECT_THAT(findings(entryOf("TLS"), "IST0134"), IsEmpty());
  EXPECT_THAT(findings(entryOf("TCP", "addresses: [10.0.0.1],"), "IST0134"), IsEmpty());
}

TEST(ServiceEntryAddresses, MayBeAllocated) {
  EXPECT_THAT(
      findings(entryOf("TCP") + "status: {addresses: [{host: a.example, value: 240.240.0.1}]}\n",
               "IST0134"),
      IsEmpty());
  FileOptions options;
  options.mesh_config.proxy_metadata = {{"ISTIO_META_DNS_CAPTURE", "true"}};
  EXPECT_THAT(findings(entryOf("TCP"), "IST0134", options).size(), 1U);
  options.mesh_config.proxy_metadata["ISTIO_META_DNS_AUTO_ALLOCATE"] = "true";
  EXPECT_THAT(findings(entryOf("TCP"), "IST0134", options), IsEmpty());
}

std::string gateway(const std::string& spec, const std::string& in = "edge") {
  return istio("Gateway", "gw", in, "selector: {app: gw}, " + spec);
}

std::string gatewayRule(const std::string& gateways, const std::string& host = "a.example",
                        const std::string& match = "") {
  return virtualService("v", "hosts: ['" + host + "'], gateways: [" + gateways + "], http: [{" +
                                 match + " route: [{destination: {host: a}}]}]");
}

const std::string kGateway = " VirtualService/shop/v spec.gateways[0]";

TEST(Gateways, Exist) {
  EXPECT_THAT(findings(service("a") + gatewayRule("edge/gw"), "IST"),
              ElementsAre("IST0101" + kGateway, "IST0132" + kGateway));
  EXPECT_THAT(findings(service("a") + gatewayRule("mesh"), "IST"), IsEmpty());
}

TEST(Gateways, ServeTheHosts) {
  const auto serving = [](const std::string& host, const std::string& in = "edge") {
    return findings(service("a") + gateway("servers: [{hosts: ['" + host + "']}]", in) +
                        gatewayRule(in + "/gw"),
                    "IST");
  };
  for (const char* host : {"a.example", "*.example", "*", "*/a.example", "*/*", "shop/a.example"}) {
    EXPECT_THAT(serving(host), IsEmpty()) << host;
  }
  for (const char* host : {"b.example", "./a.example", "bank/a.example"}) {
    EXPECT_THAT(serving(host), ElementsAre("IST0132" + kGateway)) << host;
  }
  EXPECT_THAT(serving("./a.example", "shop"), IsEmpty());
}

TEST(Gateways, MayBeThoseOfKubernetes) {
  const auto listening = [](const std::string& hostname) {
    return findings(service("a") +
                        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
                        "metadata: {name: gw, namespace: edge}\nspec: {listeners: [{" +
                        hostname + " port: 80}]}\n" + gatewayRule("edge/gw"),
                    "IST");
  };
  EXPECT_THAT(listening("hostname: a.example,"), IsEmpty());
  EXPECT_THAT(listening(""), IsEmpty());
  EXPECT_THAT(listening("hostname: b.example,"), ElementsAre("IST0132" + kGateway));
}

TEST(Gateways, OfIstioItselfAreNotNamed) {
  EXPECT_THAT(findings(service("a") + gatewayRule("edge/gw~istio-autogenerated-k8s-gateway~http"),
                       "IST016"),
              ElementsAre("IST0165" + kGateway));
}

TEST(Gateways, RoutesChooseSubsetsThemselves) {
  const auto base =
      service("a") + gateway("servers: [{hosts: [a.example]}]") + gatewayRule("edge/gw");
  const auto mesh_rule =
      virtualService("w", "hosts: [a], http: [{route: [{destination: {host: a, subset: v1}}]}]");
  EXPECT_THAT(findings(base + mesh_rule, "IST0140"),
              ElementsAre("IST0140 VirtualService/shop/v spec.http[0].route[0].destination.host"));
  EXPECT_THAT(findings(base, "IST0140"), IsEmpty());
}

TEST(JwtClaims, AreVerified) {
  const auto base = service("a") + gateway("servers: [{hosts: [a.example]}]") +
                    gatewayRule("edge/gw", "a.example",
                                "match: [{headers: {'@request.auth.claims.sub': {exact: x}}}],");
  const auto authentication = [](const std::string& in, const std::string& labels) {
    return "---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: "
           "r, "
           "namespace: " +
           in + "}\nspec: {selector: {matchLabels: {" + labels + "}}}\n";
  };
  EXPECT_THAT(findings(base, "IST"),
              ElementsAre("IST0149 VirtualService/shop/v spec.http[0].match[0].headers"));
  EXPECT_THAT(findings(base + authentication("edge", "app: gw"), "IST"), IsEmpty());
  EXPECT_THAT(findings(base + authentication("istio-system", ""), "IST"), IsEmpty());
  EXPECT_THAT(findings(base + authentication("edge", "app: other"), "IST").size(), 1U);
  EXPECT_THAT(findings(base + authentication("shop", ""), "IST").size(), 1U);
}

}  // namespace
}  // namespace sluice::analysis
