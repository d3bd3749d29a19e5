// SPDX-License-Identifier: Apache-2.0
// What the API server refuses by its schemas is refused, with Istio's code, at its field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/source/decoded.h"

namespace sluice::source {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct StrictCase {
  std::string text;
  const char* field;  ///< of the only finding; empty: there is none
};

void checkEach(const std::vector<StrictCase>& cases) {
  for (const StrictCase& c : cases) {
    const auto findings = findingsIn(c.text);
    if (*c.field == '\0') {
      EXPECT_TRUE(findings.empty()) << c.text << "\n" << summary(c.text);
      continue;
    }
    ASSERT_EQ(findings.size(), 1U) << c.text << "\n" << summary(c.text);
    EXPECT_EQ(findings[0].field, c.field) << c.text;
    EXPECT_EQ(findings[0].code, "IST0106") << c.text;
    EXPECT_GT(findings[0].position.line, 0) << c.text;
  }
}

std::string rule(const std::string& more) {
  return withRule("{route: [{destination: {host: a}}], " + more + "}");
}

std::string ruleOf(const std::string& blocks) {
  return destinationRule("{host: a, trafficPolicy: {" + blocks + "}}");
}

std::string entryWith(const std::string& more) {
  return "{apiVersion: networking.istio.io/v1beta1, kind: ServiceEntry, metadata: {name: case}, "
         "spec: {hosts: [a.example.com], ports: [{number: 80, name: http, protocol: HTTP}], " +
         more + "}}";
}

std::string workloadWith(const std::string& spec) {
  return "{apiVersion: networking.istio.io/v1alpha3, kind: WorkloadEntry, metadata: {name: case}, "
         "spec: {" +
         spec + "}}";
}

std::string sidecar(const std::string& spec) {
  return "{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: case}, spec: {" +
         spec + "}}";
}

TEST(Strict, OneOfEachGroup) {
  checkEach({
      {rule("match: [{uri: {exact: /a, prefix: /b}}]"), "spec.http[0].match[0].uri"},
      {rule("fault: {abort: {httpStatus: 500, grpcStatus: UNAVAILABLE}}"),
       "spec.http[0].fault.abort"},
      {rule("fault: {delay: {fixedDelay: 1s, exponentialDelay: 1s}}"), "spec.http[0].fault.delay"},
      {withRule("{redirect: {port: 80, derivePort: FROM_REQUEST_PORT}}"), "spec.http[0].redirect"},
      {withRule("{directResponse: {status: 200, body: {string: a, bytes: YQ==}}}"),
       "spec.http[0].directResponse.body"},
      {ruleOf("loadBalancer: {simple: RANDOM, consistentHash: {useSourceIp: true}}"),
       "spec.trafficPolicy.loadBalancer"},
      {ruleOf("loadBalancer: {consistentHash: {useSourceIp: true, httpHeaderName: x}}"),
       "spec.trafficPolicy.loadBalancer.consistentHash"},
      {ruleOf("loadBalancer: {consistentHash: {useSourceIp: true, ringHash: {}, maglev: {}}}"),
       "spec.trafficPolicy.loadBalancer.consistentHash"},
      {ruleOf("loadBalancer: {simple: RANDOM, consistentHash: null}"), ""},
      {sidecar("ingress: [{port: {number: 80}, tls: {credentialName: a, credentialNames: [b]}}]"),
       "spec.ingress[0].tls"},
  });
}

TEST(Strict, Words) {
  checkEach({
      {ruleOf("loadBalancer: {simple: FASTEST}"), "spec.trafficPolicy.loadBalancer.simple"},
      {ruleOf("tls: {mode: simple}"), "spec.trafficPolicy.tls.mode"},
      {ruleOf("connectionPool: {http: {h2UpgradePolicy: YES}}"),
       "spec.trafficPolicy.connectionPool.http.h2UpgradePolicy"},
      {ruleOf("proxyProtocol: {version: V3}"), "spec.trafficPolicy.proxyProtocol.version"},
      {rule("corsPolicy: {unmatchedPreflights: DROP}"),
       "spec.http[0].corsPolicy.unmatchedPreflights"},
      {entryWith("location: MESH"), "spec.location"},
      {entryWith("resolution: dns"), "spec.resolution"},
      {sidecar("outboundTrafficPolicy: {mode: ALLOW_SOME}"), "spec.outboundTrafficPolicy.mode"},
  });
}

TEST(Strict, RequiredFields) {
  checkEach({
      {destinationRule("{subsets: [{name: v1}]}"), "spec.host"},
      {destinationRule("{host: a, subsets: [{labels: {a: b}}]}"), "spec.subsets[0].name"},
      {rule("mirror: {subset: v1}"), "spec.http[0].mirror.host"},
      {withRule("{directResponse: {}}"), "spec.http[0].directResponse.status"},
      {ruleOf("tunnel: {targetHost: a}"), "spec.trafficPolicy.tunnel.targetPort"},
      {ruleOf("loadBalancer: {consistentHash: {httpCookie: {name: a, attributes: [{value: b}]}}}"),
       "spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[0].name"},
      {virtualService("{hosts: [a], tls: [{route: [{destination: {host: a}}]}]}"),
       "spec.tls[0].match"},
      {sidecar("egress: [{bind: 1.2.3.4}]"), "spec.egress[0].hosts"},
      {sidecar("ingress: [{defaultEndpoint: a}]"), "spec.ingress[0].port"},
      {"{apiVersion: networking.istio.io/v1, kind: WorkloadEntry, metadata: {name: case}}", "spec"},
  });
}

TEST(Strict, Bounds) {
  checkEach({
      {rule("timeout: 0s"), "spec.http[0].timeout"},
      {rule("retries: {attempts: 2, backoff: 10us}"), "spec.http[0].retries.backoff"},
      {ruleOf("connectionPool: {tcp: {idleTimeout: 0s}}"), ""},
      {ruleOf("outlierDetection: {interval: 0s}"), "spec.trafficPolicy.outlierDetection.interval"},
      {ruleOf("outlierDetection: {outlierDetectionHttpErrorCodes: [500, 600]}"),
       "spec.trafficPolicy.outlierDetection.outlierDetectionHttpErrorCodes[1]"},
      {ruleOf("loadBalancer: {warmup: {duration: 1s, minimumPercent: 101}}"),
       "spec.trafficPolicy.loadBalancer.warmup.minimumPercent"},
      {ruleOf("loadBalancer: {warmup: {duration: 1s, aggression: -1}}"),
       "spec.trafficPolicy.loadBalancer.warmup.aggression"},
      {ruleOf("loadBalancer: {zoneAwareLbSetting: {minClusterSize: 0}}"),
       "spec.trafficPolicy.loadBalancer.zoneAwareLbSetting.minClusterSize"},
      {ruleOf("retryBudget: {percent: 100.5}"), "spec.trafficPolicy.retryBudget.percent"},
      {ruleOf("loadBalancer: {consistentHash: {useSourceIp: true, ringHash: {minimumRingSize: "
              "8589934592}}}"),
       ""},
      {rule("mirrorPercent: -1"), "spec.http[0].mirrorPercent"},
      {withRule("{route: [{destination: {host: a}, weight: 4294967295}]}"),
       "spec.http[0].route[0].weight"},
      {entryWith("addresses: ['" + std::string(65, '1') + "']"), "spec.addresses[0]"},
      {destinationRule("{host: a, workloadSelector: {matchLabels: {a: '*'}}}"),
       "spec.workloadSelector.matchLabels"},
  });
}

TEST(Strict, RulesOfServiceEntries) {
  checkEach({
      {entryWith("resolution: DNS, addresses: [10.0.0.0/8]"), "spec.addresses"},
      {entryWith("endpoints: [{address: 1.2.3.4}]"), "spec.endpoints"},
      {entryWith("resolution: DNS_ROUND_ROBIN, endpoints: [{address: a.b}, {address: c.d}]"),
       "spec.endpoints"},
      {entryWith("resolution: STATIC, workloadSelector: {labels: {a: b}}, endpoints: [{address: "
                 "1.2.3.4}]"),
       "spec.endpoints"},
      {entryWith("resolution: STATIC, endpoints: [{address: 1.2.3.4, ports: {http: 0}}]"),
       "spec.endpoints[0].ports.http"},
      {entryWith("resolution: STATIC, endpoints: [{address: 1.2.3.4, ports: {'@': 1}}]"),
       "spec.endpoints[0].ports"},
      {"{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a}, spec: "
       "{hosts: "
       "[a.b], ports: [{number: 1, name: a}, {number: 2, name: a}]}}",
       "spec.ports"},
      {"{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a}, spec: "
       "{hosts: "
       "['*']}}",
       "spec.hosts[0]"},
      {"{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: a}, spec: "
       "{hosts: "
       "[]}}",
       "spec.hosts"},
  });
}

TEST(Strict, RulesOfWorkloadEntries) {
  checkEach({
      {workloadWith("labels: {a: b}"), "spec.address"},
      {workloadWith("address: unix://a"), "spec.address"},
      {workloadWith("address: unix:///a/"), "spec.address"},
      {workloadWith("address: unix:///a, ports: {http: 1}"), "spec.ports"},
      {workloadWith("address: unix://@a"), ""},
      {workloadWith("address: 1.2.3.4, ports: {http: 65536}"), "spec.ports.http"},
      {workloadWith("address: 1.2.3.4, weight: -1"), "spec.weight"},
  });
}

TEST(Strict, KeysThatStandTwice) {
  checkEach({
      {virtualService("{hosts: [a], hosts: [b], http: [{route: [{destination: {host: a}}]}]}"),
       "spec.hosts"},
      {withRule("{route: [{destination: {host: a}, weight: 1, weight: 2}]}"),
       "spec.http[0].route[0].weight"},
      {rule("match: [{headers: {x: {exact: a}, x: {exact: b}}}]"), "spec.http[0].match[0].headers"},
      {workloadWith("address: 1.2.3.4, ports: {a: 1, a: 2}"), "spec.ports"},
  });
  const auto second = findingsIn(
      "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n"
      "metadata: {name: a}\nspec:\n  host: a\n  host: b\n");
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].position.text(), "t.yaml:6:3") << "the second one";
  EXPECT_THAT(summary("{apiVersion: v1, kind: Pod, metadata: {name: a, name: b}}"),
              HasSubstr("SLU1002 metadata.name"));
  EXPECT_THAT(summary("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {x: {y: 1, y: 2}}}"),
              HasSubstr("SLU1002 spec.x"))
      << "in what is skipped, too";
}

TEST(Strict, EveryVersionOfTheApi) {
  for (const char* version : {"v1", "v1beta1", "v1alpha3"}) {
    EXPECT_THAT(summary(std::string("{apiVersion: networking.istio.io/") + version +
                        ", kind: DestinationRule, metadata: {name: a}, spec: {host: a}}"),
                IsEmpty());
  }
  EXPECT_THAT(summary("{apiVersion: networking.istio.io/v2, kind: DestinationRule}"),
              HasSubstr("SLU1008"));
}

TEST(Strict, WhatIsNotForUsIsOnlySkipped) {
  for (const char* text : {"{apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}",
                           "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute}",
                           "{apiVersion: networking.istio.io/v1, kind: Gateway, spec: 5}"}) {
    for (const Diagnostic& finding : findingsIn(text)) {
      EXPECT_EQ(finding.level, Diagnostic::Level::kInfo) << text;
    }
  }
}

TEST(Strict, DeprecatedFieldsOfIstiosAnalyzers) {
  EXPECT_THAT(summary(rule("fault: {delay: {percent: 5, fixedDelay: 1s}}")),
              HasSubstr("IST0002 spec.http[0].fault.delay.percent"));
  EXPECT_THAT(summary(sidecar("outboundTrafficPolicy: {egressProxy: {host: a.b}}")),
              HasSubstr("IST0002 spec.outboundTrafficPolicy.egressProxy"));
  EXPECT_THAT(summary(rule("fault: {abort: {percent: 5, httpStatus: 500}}")),
              HasSubstr("IST0106 spec.http[0].fault.abort.percent"))
      << "no longer part of the API";
}

TEST(Strict, PositionsAreThoseOfTheValueOrItsName) {
  const std::string text =
      "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n"
      "  hosts: [a]\n  http:\n  - timeout: 5\n    route:\n      host: a\n"
      "    match:\n    - headers:\n        x.y: 5\n";
  EXPECT_EQ(summary(text),
            "IST0106 spec.http[0].match[0].headers t.yaml:12:9\n"
            "IST0106 spec.http[0].route t.yaml:8:5\n"
            "IST0106 spec.http[0].timeout t.yaml:7:14\n");
}

}  // namespace
}  // namespace sluice::source
