// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/unit/source/decoded.h"

namespace sluice::source {
namespace {

struct Case {
  const char* what;
  std::string text;
  const char* field;  ///< of the only error; empty: the resource is right
  const char* code = "IST0106";
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    Diagnostics errors;
    for (auto& finding : findingsIn(c.text)) {
      if (finding.level == Diagnostic::Level::kError) errors.push_back(finding);
    }
    if (*c.field == '\0') {
      EXPECT_TRUE(errors.empty()) << c.what << ": " << summary(c.text);
      continue;
    }
    ASSERT_EQ(errors.size(), 1U) << c.what << ": " << summary(c.text);
    EXPECT_EQ(errors[0].field, c.field) << c.what;
    EXPECT_EQ(errors[0].code, c.code) << c.what;
    EXPECT_GT(errors[0].position.line, 0) << c.what;
    EXPECT_FALSE(errors[0].message.empty()) << c.what;
  }
}

constexpr const char* kRoute = "http: [{route: [{destination: {host: a}}]}]";

std::string hosts(const std::string& list) {
  return virtualService("{hosts: " + list + ", " + kRoute + "}");
}

std::string spec(const std::string& more) {
  return virtualService("{hosts: [a], " + std::string(kRoute) + ", " + more + "}");
}

std::string rule(const std::string& more) {
  return withRule("{route: [{destination: {host: a}}], " + more + "}");
}

std::string match(const std::string& condition) { return rule("match: [" + condition + "]"); }

std::string destination(const std::string& fields) {
  return withRule("{route: [{destination: " + fields + "}]}");
}

TEST(Validate, Hosts) {
  check({
      {"name", hosts("[a, b.c, '*.foo.com', '*-eu.foo.org', 10.0.0.1, 'fd00::1', 'a.b.']"), ""},
      {"upper case", hosts("[Catalog]"), ""},
      {"character", hosts("[a_b]"), "spec.hosts[0]"},
      {"wildcard inside", hosts("[a, b.*.c]"), "spec.hosts[1]"},
      {"digits last", hosts("[a.123]"), "spec.hosts[0]"},
      {"hyphen first", hosts("[-a]"), "spec.hosts[0]"},
      {"empty label", hosts("[a..b]"), "spec.hosts[0]"},
      {"empty", hosts("['']"), "spec.hosts[0]"},
      {"long label", hosts("[" + std::string(64, 'a') + "]"), "spec.hosts[0]"},
      {"star in mesh", hosts("['*']"), "spec.hosts[0]"},
      {"star on gateways",
       virtualService("{hosts: ['*'], gateways: [ns/gw], " + std::string(kRoute) + "}"), ""},
      {"twice", hosts("[a, b, a]"), "spec.hosts"},
      {"covered", hosts("[x.foo.com, '*.foo.com']"), "spec.hosts"},
      {"not covered", hosts("[foo.com, '*.foo.com']"), ""},
      {"delegate", hosts("[]"), "spec.hosts", "SLU1005"},
  });
}

TEST(Validate, VirtualServiceAsAWhole) {
  check({
      {"no rules", virtualService("{hosts: [a]}"), "spec"},
      {"gateways", spec("gateways: [mesh, ns/gw, gw]"), ""},
      {"gateway character", spec("gateways: [a_b]"), "spec.gateways[0]"},
      {"gateway wildcard", spec("gateways: ['ns/*']"), "spec.gateways[0]"},
      {"gateway without namespace", spec("gateways: [/gw]"), "spec.gateways[0]"},
      {"exportTo", spec("exportTo: ['.', other]"), ""},
      {"own twice", spec("exportTo: ['.', shop]"), "spec.exportTo"},
      {"star and other", spec("exportTo: ['*', other]"), "spec.exportTo"},
      {"nobody", spec("exportTo: ['~']"), "spec.exportTo[0]"},
      {"no label", spec("exportTo: [A_B]"), "spec.exportTo[0]"},
      {"name",
       "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: A_B}, "
       "spec: {hosts: [a], " +
           std::string(kRoute) + "}}",
       "metadata.name", "SLU1007"},
      {"split",
       "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a, "
       "annotations: {sluice.io/split: conection}}, spec: {hosts: [a], " +
           std::string(kRoute) + "}}",
       "metadata.annotations", "SLU1007"},
      {"dry run",
       "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a, "
       "annotations: {istio.io/dry-run: 'true'}}, spec: {hosts: [a], " +
           std::string(kRoute) + "}}",
       "metadata.annotations"},
  });
}

TEST(Validate, LegacyGatewayIsAWarning) {
  const auto findings = findingsIn(spec("gateways: [gw.ns.svc.cluster.local]"));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].code, "IST0133");
  EXPECT_EQ(findings[0].level, Diagnostic::Level::kWarning);
}

TEST(Validate, Destinations) {
  const auto weights = [](const std::string& a, const std::string& b) {
    return withRule("{route: [{destination: {host: a}, weight: " + a +
                    "}, {destination: {host: b}, weight: " + b + "}]}");
  };
  check({
      {"no action", withRule("{name: x}"), "spec.http[0]"},
      {"no destination", withRule("{route: [{weight: 1}]}"), "spec.http[0].route[0].destination"},
      {"no host", destination("{subset: v1}"), "spec.http[0].route[0].destination.host"},
      {"empty host", destination("{host: ''}"), "spec.http[0].route[0].destination.host"},
      {"star", destination("{host: '*'}"), "spec.http[0].route[0].destination.host"},
      {"subset", destination("{host: a, subset: v_1}"), "spec.http[0].route[0].destination.subset"},
      {"port", destination("{host: a, port: {number: 80}}"), ""},
      {"port 0", destination("{host: a, port: {number: 0}}"),
       "spec.http[0].route[0].destination.port.number"},
      {"port too big", destination("{host: a, port: {number: 70000}}"),
       "spec.http[0].route[0].destination.port.number"},
      {"weights", weights("9", "991"), ""},
      {"one zero", weights("0", "1"), ""},
      {"all zero", weights("0", "0"), "spec.http[0].route"},
      {"negative", weights("-1", "1"), "spec.http[0].route[0].weight"},
      {"single zero", withRule("{route: [{destination: {host: a}, weight: 0}]}"), ""},
  });
}

TEST(Validate, WeightsMustFitEnvoysSum) {
  const std::string big = "{destination: {host: a}, weight: 2147483647}";
  check({{"two", withRule("{route: [" + big + ", " + big + "]}"), ""},
         {"three", withRule("{route: [" + big + ", " + big + ", " + big + "]}"),
          "spec.http[0].route"}});
}

TEST(Validate, Conditions) {
  const std::string at = "spec.http[0].match[0].";
  check({
      {"two kinds", match("{uri: {exact: /a, prefix: /b}}"), "spec.http[0].match[0].uri"},
      {"empty prefix of method", match("{method: {prefix: ''}}"), "spec.http[0].match[0].method"},
      {"empty prefix of uri", match("{uri: {prefix: ''}}"), ""},
      {"empty exact", match("{authority: {exact: ''}}"), ""},
      {"long regex", match("{uri: {regex: " + std::string(1025, 'a') + "}}"),
       "spec.http[0].match[0].uri"},
      {"longest regex", match("{uri: {regex: " + std::string(1024, 'a') + "}}"), ""},
      {"back reference", match("{headers: {x: {regex: '(a)\\1'}}}"),
       "spec.http[0].match[0].headers"},
      {"bad regex", match("{headers: {x: {regex: '['}}}"), "spec.http[0].match[0].headers"},
      {"star regex", match("{headers: {x: {regex: '*'}}}"), "spec.http[0].match[0].headers"},
      {"star without", match("{withoutHeaders: {x: {regex: '*'}}}"), ""},
      {"empty regex", match("{queryParams: {x: {regex: ''}}}"),
       "spec.http[0].match[0].queryParams"},
      {"null header", match("{headers: {x: null}}"), "spec.http[0].match[0].headers"},
      {"header name", match("{headers: {'a b': {exact: x}}}"), "spec.http[0].match[0].headers"},
      {"odd header name", match("{headers: {\"!#$%&'*+-.^_`|~a\": {exact: x}}}"), ""},
      {"pseudo header", match("{headers: {':method': {exact: GET}}}"), ""},
      {"claims", match("{headers: {'@request.auth.claims.sub': {exact: x}}}"),
       "spec.http[0].match[0].headers"},
      {"label", match("{sourceLabels: {app: 'a b'}}"), "spec.http[0].match[0].sourceLabels"},
      {"label key", match("{sourceLabels: {'/app': a}}"), "spec.http[0].match[0].sourceLabels"},
      {"namespace", match("{sourceNamespace: A_B}"), "spec.http[0].match[0].sourceNamespace"},
      {"gateway", match("{gateways: [a_b]}"), "spec.http[0].match[0].gateways[0]"},
  });
}

TEST(Validate, PointsAtTheHeaderItself) {
  const auto findings = findingsIn(R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a]
  http:
  - match:
    - headers:
        fine: {exact: x}
        broken: {regex: "["}
    route: [{destination: {host: a}}]
)");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].position.text(), "t.yaml:10:9");
}

TEST(Validate, FaultsAndTimeouts) {
  const auto delay = [](const std::string& text) { return rule("fault: {delay: " + text + "}"); };
  const auto abort = [](const std::string& text) { return rule("fault: {abort: " + text + "}"); };
  const char* percentage = "spec.http[0].fault.abort.percentage";
  check({
      {"empty fault", rule("fault: {}"), "spec.http[0].fault"},
      {"no delay", delay("{percentage: {value: 1}}"), "spec.http[0].fault.delay.fixedDelay"},
      {"short delay", delay("{fixedDelay: 500us}"), "spec.http[0].fault.delay.fixedDelay"},
      {"least delay", delay("{fixedDelay: 1ms}"), ""},
      {"status 199", abort("{httpStatus: 199}"), "spec.http[0].fault.abort.httpStatus"},
      {"status 601", abort("{httpStatus: 601}"), "spec.http[0].fault.abort.httpStatus"},
      {"status 600", abort("{httpStatus: 600}"), ""},
      {"tiny", abort("{httpStatus: 500, percentage: {value: 0.00001}}"), percentage},
      {"large", abort("{httpStatus: 500, percentage: {value: 100.1}}"), percentage},
      {"negative", abort("{httpStatus: 500, percentage: {value: -1}}"), percentage},
      {"nothing", abort("{httpStatus: 500, percentage: {value: 0}}"), ""},
      {"everything", abort("{httpStatus: 500, percentage: {value: 100}}"), ""},
      {"no timeout", rule("timeout: 0s"), "spec.http[0].timeout"},
      {"short timeout", rule("timeout: 0.5ms"), "spec.http[0].timeout"},
      {"fraction", rule("timeout: 1.5ms"), "spec.http[0].timeout"},
      {"number", rule("timeout: 5"), "spec.http[0].timeout", "SLU1004"},
      {"word", rule("timeout: soon"), "spec.http[0].timeout"},
      {"timeout", rule("timeout: 1h2m3.5s"), ""},
  });
}

TEST(Validate, DestinationRules) {
  const auto subset = [](const std::string& text) {
    return destinationRule("{host: a, subsets: [" + text + "]}");
  };
  check({
      {"no host", destinationRule("{}"), "spec.host"},
      {"host", destinationRule("{host: a_b}"), "spec.host"},
      {"wildcard", destinationRule("{host: '*.foo.com'}"), ""},
      {"empty policy", destinationRule("{host: a, trafficPolicy: {}}"), "spec.trafficPolicy"},
      {"unknown policy",
       destinationRule("{host: a, trafficPolicy: {loadBalancer: {simple: "
                       "RANDON}}}"),
       "spec.trafficPolicy.loadBalancer.simple"},
      {"no name", subset("{labels: {a: b}}"), "spec.subsets[0].name"},
      {"name", subset("{name: v_1}"), "spec.subsets[0].name"},
      {"twice", subset("{name: a}, {name: a}"), "spec.subsets[1].name"},
      {"label value", subset("{name: a, labels: {v: 'a b'}}"), "spec.subsets[0].labels"},
      {"label number", subset("{name: a, labels: {v: 1}}"), "spec.subsets[0].labels", "SLU1004"},
      {"empty subset policy", subset("{name: a, trafficPolicy: {}}"),
       "spec.subsets[0].trafficPolicy"},
      {"exportTo", destinationRule("{host: a, exportTo: ['*', b]}"), "spec.exportTo"},
  });
}

std::string workload(const std::string& fields) {
  return "{apiVersion: sluice.io/v1, kind: Workload, metadata: {name: web}, spec: " + fields + "}";
}

std::string agent(const std::string& fields) {
  return "{apiVersion: sluice.io/v1, kind: Agent, metadata: {name: a}, spec: " + fields + "}";
}

TEST(Validate, OurKinds) {
  const std::string netns = "networkNamespace: /run/netns/web";
  check({
      {"workload", workload("{cgroup: /a/b, " + netns + "}"), ""},
      {"no cgroup", workload("{" + netns + "}"), "spec.cgroup", "SLU1007"},
      {"relative", workload("{cgroup: a, " + netns + "}"), "spec.cgroup", "SLU1007"},
      {"whole node", workload("{cgroup: /, " + netns + "}"), "spec.cgroup", "SLU1007"},
      {"climbs", workload("{cgroup: /a/../.., " + netns + "}"), "spec.cgroup", "SLU1007"},
      {"no netns", workload("{cgroup: /a}"), "spec.networkNamespace", "SLU1007"},
      {"netns", workload("{cgroup: /a, networkNamespace: web}"), "spec.networkNamespace",
       "SLU1007"},
      {"policy", agent("{failPolicy: opn}"), "spec.failPolicy", "SLU1007"},
      {"domain", agent("{clusterDomain: a_b}"), "spec.clusterDomain", "SLU1007"},
      {"root", agent("{rootNamespace: a.b}"), "spec.rootNamespace", "SLU1007"},
  });
}

TEST(Validate, KubernetesKinds) {
  const auto service = [](const std::string& fields) {
    return "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: " + fields + "}";
  };
  const auto slice = [](const std::string& fields) {
    return "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, " + fields +
           "}";
  };
  check({
      {"headless", service("{clusterIP: None, ports: [{port: 80}]}"), ""},
      {"not allocated", service("{clusterIP: ''}"), ""},
      {"port", service("{ports: [{port: 0}]}"), "spec.ports[0].port", "SLU1007"},
      {"no port", service("{ports: [{name: a}]}"), "spec.ports[0].port", "SLU1007"},
      {"address", service("{clusterIPs: [10.0.0]}"), "spec.clusterIPs[0]", "SLU1007"},
      {"slice port", slice("addressType: IPv4, ports: [{port: 0}]"), "ports[0].port", "SLU1007"},
      {"slice address", slice("addressType: IPv4, endpoints: [{addresses: [x]}]"),
       "endpoints[0].addresses[0]", "SLU1007"},
      {"names", slice("addressType: FQDN, endpoints: [{addresses: [x.org]}]"), ""},
      {"pod", "{apiVersion: v1, kind: Pod, metadata: {name: a}, status: {podIP: x}}",
       "status.podIPs[0]", "SLU1007"},
      {"namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: A}}", "metadata.name",
       "SLU1007"},
  });
}

}  // namespace
}  // namespace sluice::source
