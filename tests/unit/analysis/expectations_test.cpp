// SPDX-License-Identifier: Apache-2.0
// Rules that do something else than one expects, and what the data plane makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/analysis/analyzed.h"

namespace sluice::analysis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kRule = " VirtualService/shop/v ";
const std::string kTo = " route: [{destination: {host: a}}]";

std::vector<std::string> found(const std::string& rules, const std::string& code,
                               const std::string& annotations = "") {
  return findings(
      service("a") + virtualService("v", "hosts: [a], http: [" + rules + "]", "shop", annotations),
      code);
}

TEST(Faults, AreNotSeenByTimeoutsAndRetries) {
  const std::string delay = "fault: {delay: {fixedDelay: 5s, percentage: {value: 10}}},";
  const std::string abort = "fault: {abort: {httpStatus: 503, percentage: {value: 10}}},";
  const auto warned = ElementsAre("SLU2001" + kRule + "spec.http[0].fault");
  EXPECT_THAT(found("{timeout: 1s, " + delay + kTo + "}", "SLU2001"), warned);
  EXPECT_THAT(found("{retries: {attempts: 2}, " + abort + kTo + "}", "SLU2001"), warned);
  EXPECT_THAT(found("{retries: {attempts: 2, perTryTimeout: 1s}, " + delay + kTo + "}", "SLU2001"),
              warned);
  EXPECT_THAT(found("{retries: {attempts: 0}, " + abort + kTo + "}", "SLU2001"), IsEmpty());
  EXPECT_THAT(found("{timeout: 1s, " + abort + kTo + "}", "SLU2001"), IsEmpty());
  EXPECT_THAT(found("{" + delay + kTo + "}", "SLU2001"), IsEmpty());
}

TEST(NotCarriedOut, IsNotSaidOfRules) {
  for (const char* done :
       {"mirror: {host: a}", "corsPolicy: {allowOrigins: [{exact: x}]}",
        "retries: {attempts: 2, retryOn: 5xx, perTryTimeout: 1s, retryRemoteLocalities: true}"})
    EXPECT_THAT(found(std::string("{") + done + "," + kTo + "}", "SLU3003"), IsEmpty()) << done;
}

TEST(NotCarriedOut, IsSaidOfVariablesThatAreNotKnown) {
  EXPECT_THAT(found("{headers: {request: {set: {x: 'a%NOTHING%'}}}," + kTo + "}", "SLU3003"),
              ElementsAre("SLU3003" + kRule + "spec.http[0].headers.request.set"));
  EXPECT_THAT(found("{route: [{destination: {host: a}, headers: {response: {add: {x: "
                    "'%DYNAMIC_METADATA(a)%'}}}}]}",
                    "SLU3003"),
              ElementsAre("SLU3003" + kRule + "spec.http[0].route[0].headers.response.add"));
  EXPECT_THAT(
      found("{headers: {request: {set: {x: '%REQ(a)% %HOSTNAME% 100%%'}}}," + kTo + "}", "SLU3003"),
      IsEmpty());
}

TEST(NotCarriedOut, IsSaidOfEachBlock) {
  const auto of_policy = [](const std::string& blocks) {
    return findings(service("a") + destinationRule("d", "host: a, trafficPolicy: {" + blocks + "}"),
                    "SLU3003");
  };
  const std::string policy = "SLU3003 DestinationRule/shop/d spec.trafficPolicy.";
  for (const auto& [blocks, field] : std::vector<std::pair<std::string, std::string>>{
           {"tls: {mode: SIMPLE, credentialName: s}", "tls.credentialName"},
           {"tls: {mode: ISTIO_MUTUAL}", "tls"},
           {"tunnel: {targetHost: a, targetPort: 1}", "tunnel"},
           {"proxyProtocol: {version: V1}", "proxyProtocol"},
           {"portLevelSettings: [{port: {number: 80}, tls: {mode: ISTIO_MUTUAL}}]",
            "portLevelSettings[0].tls"}})
    EXPECT_THAT(of_policy(blocks), ElementsAre(policy + field)) << blocks;
  for (const char* blocks :
       {"tls: {mode: DISABLE}, loadBalancer: {simple: RANDOM}", "tls: {mode: SIMPLE}",
        "tls: {mode: MUTUAL, clientCertificate: /c, privateKey: /k, caCertificates: /a}",
        "loadBalancer: {consistentHash: {httpHeaderName: x, maglev: {}}}",
        "loadBalancer: {warmup: {duration: 10s}}", "outlierDetection: {}",
        "connectionPool: {tcp: {maxConnections: 1}, http: {http2MaxRequests: 1}}",
        "connectionPool: {http: {h2UpgradePolicy: UPGRADE, maxConcurrentStreams: 1}}",
        "connectionPool: {http: {useClientProtocol: true, http2KeepAlive: {interval: 1s}}}"})
    EXPECT_THAT(of_policy(blocks), IsEmpty()) << blocks;
  EXPECT_THAT(of_policy("retryBudget: {percent: 10, budgetInterval: 1s}"), IsEmpty());
  EXPECT_THAT(
      findings(service("a") + destinationRule("d",
                                              "host: a, subsets: [{name: v1, "
                                              "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}]"),
               "SLU3003"),
      ElementsAre("SLU3003 DestinationRule/shop/d "
                  "spec.subsets[0].trafficPolicy.tls"));
}

TEST(NotCarriedOut, IsSaidOfNamesOfRequests) {
  const auto of = [](const std::string& host, const std::string& resolution) {
    return findings(serviceEntry("e", "hosts: ['" + host + "'], resolution: " + resolution +
                                          ", ports: [{number: 80, name: http, protocol: HTTP}]"),
                    "SLU3003");
  };
  EXPECT_THAT(of("*.example", "DYNAMIC_DNS"),
              ElementsAre("SLU3003 ServiceEntry/shop/e spec.resolution"));
  EXPECT_THAT(of("a.example", "DNS"), IsEmpty());
  EXPECT_THAT(of("a.example", "DNS_ROUND_ROBIN"), IsEmpty());
}

TEST(RingHash, IsSaidToBeATable) {
  const auto of_hash = [](const std::string& fields) {
    return findings(service("a") + destinationRule("d",
                                                   "host: a, trafficPolicy: {loadBalancer: "
                                                   "{consistentHash: {httpHeaderName: x" +
                                                       fields + "}}}"),
                    "SLU2014");
  };
  const std::string at =
      "SLU2014 DestinationRule/shop/d spec.trafficPolicy.loadBalancer.consistentHash.";
  EXPECT_THAT(of_hash(", ringHash: {minimumRingSize: 9}"), ElementsAre(at + "ringHash"));
  EXPECT_THAT(of_hash(", minimumRingSize: 9"), ElementsAre(at + "minimumRingSize"));
  EXPECT_THAT(of_hash(", maglev: {}"), IsEmpty());
  EXPECT_THAT(of_hash(""), IsEmpty());
}

TEST(SubsetPolicies, ActOnlyWhereARouteUsesThem) {
  const auto base = service("a") + pod("p", "app: a") +
                    destinationRule("d",
                                    "host: a, subsets: [{name: v1, trafficPolicy: "
                                    "{loadBalancer: {simple: RANDOM}}}, {name: v2}]");
  const auto to = [](const std::string& subset) {
    return virtualService("v",
                          "hosts: [a], http: [{route: [{destination: {host: "
                          "a.shop.svc.cluster.local, subset: " +
                              subset + "}}]}]");
  };
  EXPECT_THAT(findings(base + to("v2"), "SLU2"),
              ElementsAre("SLU2002 DestinationRule/shop/d spec.subsets[0].trafficPolicy"));
  EXPECT_THAT(findings(base + to("v1"), "SLU2"), IsEmpty());
}

TEST(CatchAll, IsSomeRule) {
  const std::string some = "{match: [{uri: {prefix: /a}}]," + kTo + "}";
  EXPECT_THAT(found(some, "SLU2006"), ElementsAre("SLU2006" + kRule + "spec.http"));
  EXPECT_THAT(found(some + ", {" + kTo + "}", "SLU2006"), IsEmpty());
  EXPECT_THAT(found("{match: [{uri: {prefix: /}}]," + kTo + "}", "SLU2006"), IsEmpty());
  EXPECT_THAT(found("{match: [{uri: {regex: '.*'}}]," + kTo + "}", "SLU2006"), IsEmpty());
  EXPECT_THAT(
      found("{match: [{uri: {prefix: /}, method: {exact: GET}}]," + kTo + "}", "SLU2006").size(),
      1U);
}

TEST(DoubleSlash, IsWhatAReplacedPrefixMayLeave) {
  const auto rewriting = [](const std::string& prefix, const std::string& uri) {
    return "{match: [{uri: {prefix: " + prefix + "}}], rewrite: {uri: " + uri + "}," + kTo + "}";
  };
  EXPECT_THAT(found(rewriting("/strip", "/"), "SLU2007"),
              ElementsAre("SLU2007" + kRule + "spec.http[0].rewrite.uri"));
  EXPECT_THAT(found(rewriting("/strip/", "/"), "SLU2007"), IsEmpty());
  EXPECT_THAT(found(rewriting("/strip", "/new"), "SLU2007"), IsEmpty());
  EXPECT_THAT(found("{match: [{uri: {prefix: /a}}], redirect: {prefixRewrite: /}}", "SLU2007"),
              ElementsAre("SLU2007" + kRule + "spec.http[0].redirect.prefixRewrite"));
}

TEST(SplitAnnotation, IsForWeightedRules) {
  const std::string two =
      "{route: [{destination: {host: a}, weight: 1}, {destination: {host: a, port: {number: 80}}, "
      "weight: 1}]}";
  const std::string field = "metadata.annotations";
  EXPECT_THAT(found(two, "SLU201", "sluice.io/split: connection"),
              ElementsAre("SLU2010" + kRule + field));
  EXPECT_THAT(found(two, "SLU201", "sluice.io/split: request"),
              ElementsAre("SLU2011" + kRule + field));
  EXPECT_THAT(found("{" + kTo + "}", "SLU201", "sluice.io/split: connection"),
              ElementsAre("SLU2011" + kRule + field));
  EXPECT_THAT(found(two, "SLU201"), IsEmpty());
}

TEST(OutlierLocality, IsAsWantedWhenSaid) {
  const auto of = [](const std::string& policy) {
    return findings(service("a") + destinationRule("d", "host: a, trafficPolicy: {" + policy + "}"),
                    "SLU2");
  };
  EXPECT_THAT(of("outlierDetection: {interval: 5s}"),
              ElementsAre("SLU2008 DestinationRule/shop/d spec.trafficPolicy.outlierDetection"));
  EXPECT_THAT(
      of("outlierDetection: {interval: 5s}, loadBalancer: {localityLbSetting: {enabled: false}}"),
      IsEmpty());
}

TEST(Paths, SayWhatNeedsTheProxy) {
  const auto base =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\n"
      "spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}, {name: http-b, port: 81}]}\n";
  const auto rule = virtualService("v",
                                   "hosts: [a], http: [{match: [{uri: {prefix: /a}}], route: "
                                   "[{destination: {host: a, port: {number: 80}}}]}]");
  const auto reasons = findings(base + rule, "SLU4");
  EXPECT_THAT(reasons, Contains("SLU4001" + kRule + "spec.http[0].match"));
  // Once, although it holds for both ports.
  EXPECT_EQ(std::ranges::count(reasons, "SLU4001" + kRule + "spec.http[0].match"), 1);
}

/// Services of a hundred ports each; each port is an entry of a table.
Input portsOf(int services) {
  auto snapshot = std::make_shared<Snapshot>();
  for (int i = 0; i < services; ++i) {
    Service service;
    service.metadata.name = "s" + std::to_string(i);
    service.cluster_ips = {"10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1)};
    for (uint16_t port = 1; port <= 100; ++port) {
      ServicePort& one = service.ports.emplace_back();
      one.name = "tcp-" + std::to_string(port);
      one.port = port;
    }
    snapshot->services.push_back(std::make_shared<const Service>(std::move(service)));
  }
  Input input;
  input.snapshot = std::move(snapshot);
  return input;
}

/// 1,500 rules, each of which 2,000 ports would have.
TEST(Products, AreRefusedByName) {
  auto input = portsOf(1);
  auto snapshot = std::make_shared<Snapshot>(*input.snapshot);
  auto service = std::make_shared<Service>(*snapshot->services[0]);
  service->metadata.name = "large";
  service->ports.resize(2000, service->ports.at(0));
  for (size_t i = 0; i < service->ports.size(); ++i)
    service->ports[i].port = static_cast<uint16_t>(1 + i);
  snapshot->services.push_back(service);
  VirtualService rules;
  rules.metadata = service->metadata;
  rules.hosts = {"large"};
  rules.http.resize(1500);
  snapshot->virtual_services.push_back(std::make_shared<const VirtualService>(rules));
  input.snapshot = snapshot;
  const auto found = analyze(input, {});
  const auto refused = std::ranges::find(found, "SLU3004", &Diagnostic::code);
  ASSERT_NE(refused, found.end());
  EXPECT_EQ(refused->resource, "Service/" + service->metadata.key());
  EXPECT_NE(refused->message.find("left out"), std::string::npos);
  EXPECT_NE(refused->hint, "");
}

TEST(Capacity, IsSaidBeforeItIsExceeded) {
  EXPECT_THAT(analyze(portsOf(10), {}), IsEmpty());
  const auto near = analyze(portsOf(300), {});
  ASSERT_FALSE(near.empty());
  EXPECT_EQ(near[0].code, "SLU3001");
  EXPECT_EQ(near[0].message, "30000 services of at most 32768");
  EXPECT_EQ(near[0].resource, "");
  EXPECT_EQ(analyze(portsOf(330), {})[0].code, "SLU3002");
}

/// A service of `ports` ports with a thousand endpoints; each port is a cluster of them.
Input endpointsOf(uint16_t ports, const TrafficPolicy& policy) {
  auto input = portsOf(1);
  auto snapshot = std::make_shared<Snapshot>(*input.snapshot);
  auto service = *snapshot->services[0];
  service.ports.resize(ports, service.ports[0]);
  EndpointSlice slice;
  slice.metadata.labels["kubernetes.io/service-name"] = service.metadata.name;
  slice.address_type = "IPv4";
  for (uint16_t i = 0; i < ports; ++i) {
    service.ports[i].name = "tcp-" + std::to_string(i);
    service.ports[i].port = static_cast<uint16_t>(1 + i);
    slice.ports.push_back(
        {.name = service.ports[i].name, .port = 8080, .protocol = "TCP", .app_protocol = ""});
  }
  for (int i = 0; i < 1000; ++i)
    slice.endpoints.emplace_back().addresses = {"10.1." + std::to_string(i / 250) + "." +
                                                std::to_string(i % 250 + 1)};
  DestinationRule rule;
  rule.metadata.name = service.metadata.name;
  rule.host = service.metadata.name;
  rule.traffic_policy = policy;
  snapshot->services = {std::make_shared<const Service>(std::move(service))};
  snapshot->endpoint_slices = {std::make_shared<const EndpointSlice>(std::move(slice))};
  snapshot->destination_rules = {std::make_shared<const DestinationRule>(std::move(rule))};
  input.snapshot = std::move(snapshot);
  return input;
}

std::vector<std::string> messagesOfSlots(const Input& input) {
  std::vector<std::string> messages;
  for (const auto& found : analyze(input, {}))
    if (found.message.find("slots of clusters") != std::string::npos)
      messages.push_back(found.message);
  return messages;
}

/// 320,000 for the endpoints, and what tables may have at most.
TEST(Capacity, CountsTheTablesThatKeepClientsInTheirPlaces) {
  TrafficPolicy by_source;
  by_source.load_balancer.emplace().consistent_hash.emplace().use_source_ip = true;
  EXPECT_THAT(messagesOfSlots(endpointsOf(320, by_source)),
              ElementsAre("844288 slots of clusters of at most 1048576"));
  EXPECT_THAT(messagesOfSlots(endpointsOf(320, {})), IsEmpty());
}

}  // namespace
}  // namespace sluice::analysis
