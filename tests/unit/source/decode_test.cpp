// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/source/decoded.h"

namespace sluice::source {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kRatings = R"(apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata:
  name: ratings-service
  namespace: shop
  creationTimestamp: "2026-01-01T00:00:00Z"
  labels: {team: a}
spec:
  hosts: [ratings-service]
  gateways: [mesh]
  exportTo: ["."]
  http:
  - name: jason
    match:
    - headers: {End-User: {exact: jason}, x-debug: {}}
      withoutHeaders: {x-no: {regex: "*"}}
      queryParams: {Page: {regex: "[0-9]+"}}
      uri: {prefix: ""}
      method: {}
      ignoreUriCase: true
      port: 80
      sourceLabels: {app: web}
      sourceNamespace: shop
    fault:
      delay: {percentage: {value: 50.0}, fixedDelay: 5s}
      abort: {httpStatus: 503, percentage: {value: 0.0001}}
    timeout: 1m
    route:
    - destination: {host: ratings-service, subset: v1, port: {number: 80}}
      weight: 90
    - destination: {host: ratings-service, subset: v2}
      weight: 10
)";

TEST(Decode, ReadsAVirtualService) {
  const auto service = only<VirtualService>(kRatings);
  EXPECT_EQ(service->metadata.key(), "shop/ratings-service");
  EXPECT_EQ(service->metadata.position.text(), "t.yaml:1:1");
  EXPECT_TRUE(service->metadata.creation_timestamp.has_value());
  EXPECT_THAT(service->metadata.labels, ElementsAre(Pair("team", "a")));
  EXPECT_THAT(service->gateways, ElementsAre("mesh"));
  EXPECT_THAT(service->export_to, ElementsAre("."));
  ASSERT_EQ(service->http.size(), 1U);
  const HttpRoute& rule = service->http[0];
  EXPECT_EQ(rule.name, "jason");
  EXPECT_EQ(rule.timeout, 60s);
  ASSERT_EQ(rule.route.size(), 2U);
  EXPECT_EQ(rule.route[0], (RouteDestination{{"ratings-service", "v1", uint16_t{80}}, 90, {}}));
  EXPECT_EQ(rule.route[1], (RouteDestination{{"ratings-service", "v2", std::nullopt}, 10, {}}));
}

TEST(Decode, ReadsConditions) {
  using Kind = StringMatch::Kind;
  const HttpMatchRequest match = only<VirtualService>(kRatings)->http[0].match[0];
  EXPECT_THAT(match.headers, ElementsAre(Pair("end-user", StringMatch{Kind::kExact, "jason"}),
                                         Pair("x-debug", StringMatch{Kind::kPresent, ""})));
  EXPECT_THAT(match.without_headers, ElementsAre(Pair("x-no", StringMatch{Kind::kPresent, ""})));
  EXPECT_THAT(match.query_params, ElementsAre(Pair("Page", StringMatch{Kind::kRegex, "[0-9]+"})));
  EXPECT_EQ(match.uri, (StringMatch{Kind::kPrefix, ""}));
  EXPECT_EQ(match.method, std::nullopt) << "{} is no condition outside of maps";
  EXPECT_TRUE(match.ignore_uri_case);
  EXPECT_EQ(match.port, 80);
  EXPECT_THAT(match.source_labels, ElementsAre(Pair("app", "web")));
  EXPECT_EQ(match.source_namespace, "shop");
}

TEST(Decode, ReadsFaults) {
  const auto fault = only<VirtualService>(kRatings)->http[0].fault;
  ASSERT_TRUE(fault.has_value());
  EXPECT_EQ(fault->delay, (Delay{5s, std::nullopt, {500'000}}));
  EXPECT_EQ(fault->abort, (Abort{503, "", "", {1}}));
}

TEST(Decode, AbsentPercentageIsNothing) {
  const auto service = only<VirtualService>(
      withRule("{route: [{destination: {host: a}}], fault: {delay: {fixedDelay: 1s}}}"));
  EXPECT_EQ(service->http[0].fault->delay->percentage.millionths, 0U);
}

TEST(Decode, AbortWithoutStatusDoesNothing) {
  const auto service = only<VirtualService>(
      withRule("{route: [{destination: {host: a}}], fault: {abort: {percentage: {value: 100}}}}"));
  EXPECT_EQ(service->http[0].fault, std::nullopt);
}

TEST(Decode, OldPercentIsTakenWithAWarning) {
  const std::string text = withRule(
      "{route: [{destination: {host: a}}], fault: {delay: {percent: 10, fixedDelay: 1s}}}");
  EXPECT_EQ(only<VirtualService>(text)->http[0].fault->delay->percentage.millionths, 100'000U);
  const auto findings = findingsIn(text);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "IST0002");
  EXPECT_EQ(findings[0].level, Diagnostic::Level::kWarning);
  EXPECT_EQ(findings[0].field, "spec.http[0].fault.delay.percent");
}

TEST(Decode, PercentageBeatsOldPercent) {
  const auto service = only<VirtualService>(
      withRule("{route: [{destination: {host: a}}], fault: {delay: {percentage: {value: 20}, "
               "percent: 10, fixedDelay: 1s}}}"));
  EXPECT_EQ(service->http[0].fault->delay->percentage.millionths, 200'000U);
}

TEST(Decode, ReadsADestinationRule) {
  using Simple = LoadBalancerSettings::Simple;
  const auto rule = only<DestinationRule>(
      destinationRule("{host: catalog, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}, "
                      "subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {loadBalancer: "
                      "{simple: LEAST_CONN}}}, {name: all}], exportTo: ['*']}"));
  EXPECT_EQ(rule->host, "catalog");
  EXPECT_EQ(rule->traffic_policy->load_balancer->simple, Simple::kRoundRobin);
  ASSERT_EQ(rule->subsets.size(), 2U);
  EXPECT_THAT(rule->subsets[0].labels, ElementsAre(Pair("version", "v1")));
  EXPECT_EQ(rule->subsets[0].traffic_policy->load_balancer->simple, Simple::kLeastRequest);
}

TEST(Decode, ReadsKubernetesObjectsAndSkipsTheirOtherFields) {
  const auto service = only<Service>(R"(
    {apiVersion: v1, kind: Service, metadata: {name: catalog, uid: x, clusterName: y}, spec: {
      type: ClusterIP, clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, "fd00::1"], selector: {app: c},
      sessionAffinity: None, ports: [{name: http, port: 80, targetPort: 8080, nodePort: 30000},
        {name: x, port: 81, targetPort: web, appProtocol: http}]}, status: {loadBalancer: {}}})");
  EXPECT_EQ(service->metadata.key(), "default/catalog");
  EXPECT_THAT(service->cluster_ips, ElementsAre("10.0.0.1", "fd00::1"));
  EXPECT_EQ(service->ports[0], (ServicePort{"http", 80, "8080", "TCP", ""}));
  EXPECT_EQ(service->ports[1], (ServicePort{"x", 81, "web", "TCP", "http"}));

  const auto slice = only<EndpointSlice>(R"(
    {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
     metadata: {name: catalog-1, namespace: shop},
     ports: [{name: http, port: 8080, protocol: TCP}, {name: all}],
     endpoints: [{addresses: [10.1.0.1], conditions: {ready: true, serving: true,
       terminating: false}, targetRef: {kind: Pod, name: p, namespace: shop, uid: z},
       nodeName: node-a, zone: a, hints: {}}]})");
  EXPECT_EQ(slice->ports[0].port, 8080);
  EXPECT_EQ(slice->ports[1].port, std::nullopt);
  EXPECT_EQ(slice->endpoints[0],
            (SliceEndpoint{{"10.1.0.1"}, true, true, false, "Pod", "p", "shop", "node-a", "a"}));

  const auto pod = only<Pod>(R"(
    {apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: c}},
     spec: {nodeName: node-a, containers: [{}]},
     status: {phase: Running, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}, {ip: "fd00::2"}]}})");
  EXPECT_EQ(pod->node_name, "node-a");
  EXPECT_EQ(pod->phase, "Running");
  EXPECT_THAT(pod->pod_ips, ElementsAre("10.1.0.1", "fd00::2"));

  EXPECT_EQ(only<Service>("{apiVersion: v1, kind: Service, metadata: {name: h}, spec: "
                          "{clusterIP: None}}")
                ->cluster_ips,
            std::vector<std::string>{"None"});
  EXPECT_EQ(only<Namespace>("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")
                ->metadata.namespace_,
            "");
}

TEST(Decode, ReadsOurKinds) {
  const auto workload = only<Workload>(R"(
    {apiVersion: sluice.io/v1, kind: Workload, metadata: {name: web, namespace: shop,
     labels: {app: web}}, spec: {cgroup: /shop/web, networkNamespace: /run/netns/web}})");
  EXPECT_EQ(workload->cgroup, "/shop/web");
  EXPECT_EQ(workload->network_namespace, "/run/netns/web");

  const auto agent = only<AgentSettings>(R"(
    {apiVersion: sluice.io/v1, kind: Agent, metadata: {name: this},
     spec: {failPolicy: open, drain: "off", http10: refuse, maxRequestBodyBytes: 1048576, clusterDomain: example.org,
            rootNamespace: istio-config}})");
  EXPECT_EQ(agent->fail_policy, AgentSettings::FailPolicy::kOpen);
  EXPECT_EQ(agent->http10, AgentSettings::Http10::kRefuse);
  EXPECT_EQ(agent->drain, AgentSettings::Drain::kOff);
  EXPECT_EQ(agent->max_request_body_bytes, 1048576U);
  EXPECT_EQ(agent->cluster_domain, "example.org");
  EXPECT_EQ(agent->root_namespace, "istio-config");
  EXPECT_EQ(only<AgentSettings>("{apiVersion: sluice.io/v1, kind: Agent, metadata: {name: a}}")
                ->cluster_domain,
            "cluster.local");
}

TEST(Decode, WhatIsAddedToRequestsFollowsTheModeWhereNothingIsSaid) {
  const auto added = [](const std::string& spec) {
    const auto agent = only<AgentSettings>(
        "{apiVersion: sluice.io/v1, kind: Agent, metadata: {name: a}, spec: " + spec + "}");
    const auto headers = AddedHeaders::of(*agent);
    return std::vector{headers.request_id, headers.forwarded, headers.envoy};
  };
  EXPECT_THAT(added("{}"), ElementsAre(false, false, false));
  EXPECT_THAT(added("{httpMode: istio}"), ElementsAre(true, true, true));
  EXPECT_THAT(added("{headers: {requestId: true}}"), ElementsAre(true, false, false));
  EXPECT_THAT(added("{httpMode: istio, headers: {forwarded: false, envoy: false}}"),
              ElementsAre(true, false, false));
}

TEST(Decode, ReadsListsOfAnyKind) {
  const auto any = decodeText(R"({apiVersion: v1, kind: List, items: [
    {apiVersion: v1, kind: Namespace, metadata: {name: a}},
    {apiVersion: sluice.io/v1, kind: Agent, metadata: {name: b}}]})");
  ASSERT_EQ(any.documents.size(), 2U);
  EXPECT_EQ(any.documents[1].id().text(), "Agent/default/b");
  const auto typed =
      decodeText("{apiVersion: v1, kind: PodList, metadata: {}, items: [{metadata: {name: a}}]}");
  ASSERT_EQ(typed.documents.size(), 1U);
  EXPECT_EQ(typed.documents[0].id().text(), "Pod/default/a");
  EXPECT_THAT(summary("{apiVersion: v1, kind: List, items: }"), IsEmpty());
}

TEST(Decode, SkipsKindsThatItDoesNotKnow) {
  const auto findings = findingsIn("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "SLU1008");
  EXPECT_EQ(findings[0].level, Diagnostic::Level::kInfo);
}

TEST(Decode, PointsAtAnUnknownFieldAndGuessesIt) {
  const std::string text = R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a]
  http:
  - route:
    - destination: {host: a}
      wieght: 5
)";
  const auto findings = findingsIn(text);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "IST0106");
  EXPECT_EQ(findings[0].resource, "VirtualService/default/a");
  EXPECT_EQ(findings[0].position.text(), "t.yaml:9:7");
  EXPECT_EQ(findings[0].field, "spec.http[0].route[0].wieght");
  EXPECT_EQ(findings[0].hint, "did you mean \"weight\"?");
}

TEST(Decode, ReportsEveryMistakeAtOnce) {
  EXPECT_EQ(summary(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: a
  http:
  - route:
    - weight: "5"
      destination: {host: 5}
  tpc: []
)"),
            "IST0106 spec.tpc t.yaml:10:3\n"
            "IST0106 spec.hosts t.yaml:5:10\n"
            "IST0106 spec.http[0].route[0].destination.host t.yaml:9:27\n"
            "IST0106 spec.http[0].route[0].weight t.yaml:8:15\n");
}

TEST(Decode, TypesOfScalars) {
  const auto rule = [](const std::string& rest) {
    return withRule("{route: [{destination: {host: a}}], " + rest + "}");
  };
  EXPECT_THAT(summary(rule("name: n")), HasSubstr("IST0106 spec.http[0].name"));
  EXPECT_THAT(summary(rule("name: 'n'")), IsEmpty());
  EXPECT_THAT(summary(rule("name: 5")), HasSubstr("IST0106"));
  EXPECT_THAT(summary(rule("match: [{ignoreUriCase: 'true'}]")), HasSubstr("IST0106"));
  EXPECT_THAT(summary(rule("match: [{ignoreUriCase: on}]")), IsEmpty());
  EXPECT_THAT(summary(rule("match: [{port: 0777}]")), HasSubstr("IST0106"));
  EXPECT_THAT(summary(rule("match: [{port: 65536}]")), HasSubstr("IST0106"));
  EXPECT_THAT(summary(rule("match: [{headers: {a: {exact: x}, A: {exact: y}}}]")),
              HasSubstr("IST0106 spec.http[0].match[0].headers"));
}

TEST(Decode, NeedsToKnowWhoseDocumentItIs) {
  for (const char* text : {"[]", "text", "{kind: VirtualService}", "{apiVersion: v1, kind: Pod}",
                           "{apiVersion: v1, kind: Pod, metadata: {name: 5}}",
                           "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: 5}}",
                           "{apiVersion: v1, kind: List, items: 5}"}) {
    const auto file = decodeText(text);
    EXPECT_FALSE(file.complete) << text;
    EXPECT_TRUE(hasError(file.diagnostics)) << text;
  }
}

TEST(Decode, ManyMistakesAreCounted) {
  std::string spec = "{hosts: [a]";
  for (int i = 0; i < 500; ++i) spec += ", zz" + std::to_string(i) + ": 1";
  const auto findings = findingsIn(virtualService(spec + "}"));
  ASSERT_EQ(findings.size(), 101U);
  EXPECT_EQ(findings.back().code, "SLU1006");
}

}  // namespace
}  // namespace sluice::source
