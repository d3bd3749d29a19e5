// SPDX-License-Identifier: Apache-2.0
// DestinationRules: subsets, pools, outlier detection, TLS and the rest but load balancing.
#include "tests/unit/source/validate_cases.h"

namespace sluice::source {
namespace {

const std::string kPolicy = "spec.trafficPolicy";

TEST(ValidateDestinationRule, AsAWhole) {
  const auto subset = [](const std::string& text) {
    return destinationRule("{host: a, subsets: [" + text + "]}");
  };
  const auto selected = [](const std::string& selector, const std::string& more = "") {
    return destinationRule("{host: a, workloadSelector: " + selector + more + "}");
  };
  const std::string labels = "{matchLabels: {app: a}}";
  check(std::vector<Refused>{
      {"host", destinationRule("{host: reviews}")},
      {"wildcard", destinationRule("{host: '*.foo.com'}")},
      {"no host", destinationRule("{}"), "spec.host"},
      {"character", destinationRule("{host: a_b}"), "spec.host"},
      {"address", destinationRule("{host: 10.0.0.1}"), "spec.host"},
      {"subsets", subset("{name: v1, labels: {version: v1}}, {name: V2}")},
      {"no name", subset("{labels: {a: b}}"), "spec.subsets[0].name"},
      {"name", subset("{name: v_1}"), "spec.subsets[0].name"},
      {"twice", subset("{name: a}, {name: a}"), "spec.subsets[1].name"},
      {"label", subset("{name: a, labels: {v: 'a b'}}"), "spec.subsets[0].labels"},
      {"empty policy", subset("{name: a, trafficPolicy: {}}"), "spec.subsets[0].trafficPolicy"},
      {"pool of a subset", subset("{name: a, trafficPolicy: {connectionPool: {}}}"),
       "spec.subsets[0].trafficPolicy.connectionPool"},
      {"exportTo", destinationRule("{host: a, exportTo: ['*', b]}"), "spec.exportTo"},
      {"selector", selected(labels)},
      {"selector at home", selected(labels, ", exportTo: ['.']")},
      {"selector at home, by name", selected(labels, ", exportTo: [shop]")},
      {"selector elsewhere", selected(labels, ", exportTo: [other]"), "spec.exportTo"},
      {"selector here and there", selected(labels, ", exportTo: ['.', other]"), "spec.exportTo"},
      {"wildcard in a selector", selected("{matchLabels: {app: 'a*'}}"),
       "spec.workloadSelector.matchLabels"},
  });
  check(std::vector<Warned>{
      {"selector of everything", selected("{}"), "spec.workloadSelector"},
  });
}

TEST(ValidateTrafficPolicy, SetsSomething) {
  check(std::vector<Refused>{
      {"nothing", policy("{}"), kPolicy},
      {"all",
       policy("{loadBalancer: {simple: ROUND_ROBIN}, connectionPool: {tcp: {maxConnections: "
              "7}, http: {http2MaxRequests: 11}}, outlierDetection: {minHealthPercent: 20}}")},
      {"outlier detection", policy("{outlierDetection: {}}")},
      {"retry budget", policy("{retryBudget: {percent: 20}}")},
      {"proxy protocol", policy("{proxyProtocol: {version: V2}}")},
  });
}

TEST(ValidateTrafficPolicy, Ports) {
  const auto port = [](const std::string& text) {
    return policy("{portLevelSettings: [" + text + "]}");
  };
  const std::string at = kPolicy + ".portLevelSettings[0]";
  const std::string random = "loadBalancer: {simple: RANDOM}";
  check(std::vector<Refused>{
      {"port", port("{port: {number: 80}, " + random + "}")},
      {"no port", port("{" + random + "}"), at + ".port"},
      {"no policy", port("{port: {number: 80}}"), at},
      {"bad policy", port("{port: {number: 80}, connectionPool: {}}"), at + ".connectionPool"},
      {"port 0", port("{port: {number: 0}, " + random + "}"), at + ".port.number"},
  });
}

TEST(ValidateTrafficPolicy, Tunnel) {
  const auto tunnel = [](const std::string& fields) {
    return policy("{tunnel: {" + fields + "}}");
  };
  const std::string at = kPolicy + ".tunnel";
  check(std::vector<Refused>{
      {"name", tunnel("targetHost: example.com, targetPort: 80")},
      {"address", tunnel("protocol: POST, targetHost: '2001:db8::1', targetPort: 80")},
      {"protocol", tunnel("protocol: GET, targetHost: a, targetPort: 80"), at + ".protocol"},
      {"host", tunnel("targetHost: '*.a', targetPort: 80"), at + ".targetHost"},
      {"port", tunnel("targetHost: a, targetPort: 0"), at + ".targetPort"},
      {"with proxy protocol",
       policy("{tunnel: {targetHost: a, targetPort: 80}, proxyProtocol: {version: V1}}"), kPolicy},
  });
}

TEST(ValidateTrafficPolicy, TcpPool) {
  const auto tcp = [](const std::string& fields) {
    return policy("{connectionPool: {tcp: {" + fields + "}}}");
  };
  const std::string at = kPolicy + ".connectionPool";
  check(std::vector<Refused>{
      {"none", policy("{connectionPool: {}}"), at},
      {"all", tcp("maxConnections: 7, connectTimeout: 2s, maxConnectionDuration: 1h, idleTimeout: "
                  "5s, tcpKeepalive: {probes: 3, time: 7200s, interval: 75s}")},
      {"negative", tcp("maxConnections: -1"), at + ".tcp.maxConnections"},
      {"connect timeout", tcp("connectTimeout: 2.5ms"), at + ".tcp.connectTimeout"},
      {"duration", tcp("maxConnectionDuration: 500us"), at + ".tcp.maxConnectionDuration"},
      {"never idle", tcp("idleTimeout: 0s")},
      {"idle", tcp("idleTimeout: 2.5ms"), at + ".tcp.idleTimeout"},
      {"keepalive", tcp("tcpKeepalive: {time: 2.5ms}"), at + ".tcp.tcpKeepalive.time"},
      {"interval", tcp("tcpKeepalive: {interval: 2.5ms}"), at + ".tcp.tcpKeepalive.interval"},
  });
}

TEST(ValidateTrafficPolicy, HttpPool) {
  const auto http = [](const std::string& fields) {
    return policy("{connectionPool: {http: {" + fields + "}}}");
  };
  const std::string at = kPolicy + ".connectionPool.http.";
  check(std::vector<Refused>{
      {"all", http("http1MaxPendingRequests: 2, http2MaxRequests: 11, maxRequestsPerConnection: 5, "
                   "maxRetries: 4, idleTimeout: 30s, maxConcurrentStreams: 2, h2UpgradePolicy: "
                   "UPGRADE, http2KeepAlive: {interval: 1s, timeout: 1s}")},
      {"pending", http("http1MaxPendingRequests: -1"), at + "http1MaxPendingRequests"},
      {"requests", http("http2MaxRequests: -1"), at + "http2MaxRequests"},
      {"per connection", http("maxRequestsPerConnection: -1"), at + "maxRequestsPerConnection"},
      {"retries", http("maxRetries: -1"), at + "maxRetries"},
      {"streams", http("maxConcurrentStreams: -1"), at + "maxConcurrentStreams"},
      {"idle", http("idleTimeout: 30.000000001s"), at + "idleTimeout"},
      {"never idle", http("idleTimeout: 0s"), at + "idleTimeout"},
      {"upgrade", http("useClientProtocol: true, h2UpgradePolicy: UPGRADE"),
       at + "useClientProtocol"},
      {"no upgrade", http("useClientProtocol: true, h2UpgradePolicy: DO_NOT_UPGRADE")},
      {"no interval", http("http2KeepAlive: {timeout: 1s}"), at + "http2KeepAlive.interval"},
      {"no timeout", http("http2KeepAlive: {interval: 1s}"), at + "http2KeepAlive.timeout"},
      {"timeout", http("http2KeepAlive: {interval: 1s, timeout: 1.5ms}"),
       at + "http2KeepAlive.timeout"},
  });
}

TEST(ValidateTrafficPolicy, OutlierDetection) {
  const auto outlier = [](const std::string& fields) {
    return policy("{outlierDetection: {" + fields + "}}");
  };
  const std::string at = kPolicy + ".outlierDetection.";
  check(std::vector<Refused>{
      {"all", outlier("interval: 2s, baseEjectionTime: 2s, maxEjectionPercent: 50, "
                      "minHealthPercent: 20, consecutive5xxErrors: 3")},
      {"interval", outlier("interval: 2.5ms"), at + "interval"},
      {"ejection", outlier("baseEjectionTime: 2.5ms"), at + "baseEjectionTime"},
      {"percent", outlier("maxEjectionPercent: 105"), at + "maxEjectionPercent"},
      {"negative", outlier("maxEjectionPercent: -1"), at + "maxEjectionPercent"},
      {"health", outlier("minHealthPercent: 105"), at + "minHealthPercent"},
      {"negative health", outlier("minHealthPercent: -1"), at + "minHealthPercent"},
      {"local origin", outlier("consecutiveLocalOriginFailures: 10"),
       at + "consecutiveLocalOriginFailures"},
      {"no local origin", outlier("consecutiveLocalOriginFailures: 0")},
      {"split",
       outlier("splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 10")},
  });
  check(std::vector<Warned>{
      {"deprecated", outlier("consecutiveErrors: 5"), at + "consecutiveErrors"},
      {"of a subset Istio says nothing",
       destinationRule("{host: a, subsets: [{name: b, trafficPolicy: {outlierDetection: "
                       "{consecutiveErrors: 5}}}]}")},
      {"nor of a port", policy("{portLevelSettings: [{port: {number: 80}, outlierDetection: "
                               "{consecutiveErrors: 5}}]}")},
  });
}

TEST(ValidateTrafficPolicy, Tls) {
  const auto tls = [](const std::string& fields) { return policy("{tls: {" + fields + "}}"); };
  const std::string at = kPolicy + ".tls";
  const std::string files = "clientCertificate: /c, privateKey: /k";
  check(std::vector<Refused>{
      {"simple", tls("mode: SIMPLE")},
      {"simple with a CA", tls("mode: SIMPLE, caCertificates: /ca, subjectAltNames: [a]")},
      {"mutual", tls("mode: MUTUAL, " + files)},
      {"mutual with a secret", tls("mode: MUTUAL, credentialName: secret")},
      {"Istio's", tls("mode: ISTIO_MUTUAL")},
      {"no certificate", tls("mode: MUTUAL, privateKey: /k"), at + ".clientCertificate"},
      {"no key", tls("mode: MUTUAL, clientCertificate: /c"), at + ".privateKey"},
      {"secret and files", tls("mode: MUTUAL, credentialName: secret, " + files), at},
      {"secret and CA", tls("mode: SIMPLE, credentialName: secret, caCertificates: /ca"), at},
      {"secret and CRL", tls("mode: SIMPLE, credentialName: secret, caCrl: /crl"), at},
      {"secret that is not used", tls("mode: ISTIO_MUTUAL, credentialName: s, privateKey: /k")},
      {"skip", tls("mode: SIMPLE, insecureSkipVerify: true")},
      {"do not skip", tls("mode: SIMPLE, insecureSkipVerify: false, caCertificates: /ca")},
      {"skip with a CA", tls("mode: SIMPLE, insecureSkipVerify: true, caCertificates: /ca"), at},
      {"skip with names", tls("mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: [a]"), at},
      {"skip with a secret", tls("mode: SIMPLE, insecureSkipVerify: true, credentialName: s"), at},
      {"mutual skip with a secret",
       tls("mode: MUTUAL, insecureSkipVerify: true, credentialName: s")},
      {"mutual skip with a CA",
       tls("mode: MUTUAL, insecureSkipVerify: true, caCertificates: /ca, " + files), at},
      {"ConfigMap", tls("mode: SIMPLE, credentialName: configmap://shop/ca")},
      {"ConfigMap of another", tls("mode: SIMPLE, credentialName: configmap://other/ca"),
       at + ".credentialName"},
      {"ConfigMap without namespace", tls("mode: SIMPLE, credentialName: configmap://ca"),
       at + ".credentialName"},
      {"ConfigMap without name", tls("mode: SIMPLE, credentialName: configmap://shop/"),
       at + ".credentialName"},
  });
}

}  // namespace
}  // namespace sluice::source
