// SPDX-License-Identifier: Apache-2.0
// A VirtualService as a whole, and its rules for TLS and TCP.

#include "tests/unit/source/validate_cases.h"
#include "userspace/source/validate_hosts.h"

namespace sluice::source {
namespace {

const std::string kHttp = "http: [{" + kTo + "}]";

std::string ofHosts(const std::string& list, const std::string& more = "") {
  return virtualService("{hosts: " + list + ", " + more + kHttp + "}");
}

std::string spec(const std::string& more) {
  return virtualService("{hosts: [a], " + kHttp + ", " + more + "}");
}

TEST(ValidateVirtualService, Hosts) {
  check(std::vector<Refused>{
      {"names", ofHosts("[a, b.c, '*.foo.com', '*-eu.foo.org', 10.0.0.1, 'fd00::1', 'a.b.']")},
      {"upper case", ofHosts("[Catalog]")},
      {"one label of digits", ofHosts("['123']")},
      {"last label of digits", ofHosts("[a.123]"), "spec.hosts[0]"},
      {"digits and a dot", ofHosts("[a.123.]")},
      {"character", ofHosts("[foo.ba!r]"), "spec.hosts[0]"},
      {"underscore", ofHosts("[a_b]"), "spec.hosts[0]"},
      {"wildcard inside", ofHosts("[a, b.*.c]"), "spec.hosts[1]"},
      {"wildcard behind", ofHosts("['foo*.bar.com']"), "spec.hosts[0]"},
      {"hyphen first", ofHosts("[-a]"), "spec.hosts[0]"},
      {"empty label", ofHosts("[a..b]"), "spec.hosts[0]"},
      {"two dots at the end", ofHosts("[a..]"), "spec.hosts[0]"},
      {"only a dot", ofHosts("['.']"), "spec.hosts[0]"},
      {"empty", ofHosts("['']"), "spec.hosts[0]"},
      {"long label", ofHosts("[" + std::string(64, 'a') + "]"), "spec.hosts[0]"},
      {"longest label", ofHosts("[" + std::string(63, 'a') + "]")},
      {"all hosts of the mesh", ofHosts("['*']"), "spec.hosts[0]"},
      {"all hosts of gateways", ofHosts("['*']", "gateways: [ns/gw], ")},
      {"all hosts of both", ofHosts("['*']", "gateways: [ns/gw, mesh], "), "spec.hosts[0]"},
      {"between networks, in the mesh", ofHosts("['outbound_.80_._.a.b.svc.cluster.local']"),
       "spec.hosts[0]"},
  });
}

TEST(ValidateVirtualService, NoHostTwice) {
  check(std::vector<Refused>{
      {"twice", ofHosts("[a, b, a]"), "spec.hosts"},
      {"covered", ofHosts("[x.foo.com, '*.foo.com']"), "spec.hosts"},
      {"wildcards", ofHosts("['*.foo.bar', '*.bar']"), "spec.hosts"},
      {"not covered", ofHosts("[foo.com, '*.foo.com']")},
      {"others", ofHosts("[a.foo.com, b.foo.com, '*.bar.com']")},
  });
}

TEST(ValidateVirtualService, FindsTheSameHostAmongMany) {
  std::vector<std::string> many = {"*.z.com"};
  many.reserve(20'002);
  for (int i = 0; i < 10'000; ++i) {
    many.push_back("a" + std::to_string(i) + ".com");
    many.push_back("*.w" + std::to_string(i) + ".com");
  }
  EXPECT_FALSE(findSameHost(many));
  many.emplace_back("a.b.z.com");
  const auto same = findSameHost(many);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->first, "*.z.com");
  EXPECT_EQ(same->second, "a.b.z.com");
}

TEST(ValidateVirtualService, HostSetCoversAsIstioDoes) {
  const HostSet set({"a.com", "*.foo.com", "*-eu.bar.com"});
  for (const char* host : {"a.com", "x.foo.com", "*.foo.com", "*.x.foo.com", "x-eu.bar.com"}) {
    EXPECT_TRUE(set.covers(host)) << host;
  }
  for (const char* host : {"b.a.com", "*.a.com", "foo.com", "*.com", "*foo.com", "eu.bar.com"}) {
    EXPECT_FALSE(set.covers(host)) << host;
  }
}

TEST(ValidateVirtualService, AsAWhole) {
  check(std::vector<Refused>{
      {"no rules", virtualService("{hosts: [a]}"), "spec"},
      {"exportTo", spec("exportTo: ['.', other]")},
      {"exportTo of upper case", spec("exportTo: [Other]")},
      {"own twice", spec("exportTo: ['.', shop]"), "spec.exportTo"},
      {"other twice", spec("exportTo: [a, a]"), "spec.exportTo"},
      {"everyone and other", spec("exportTo: ['*', other]"), "spec.exportTo"},
      {"nobody", spec("exportTo: ['~']"), "spec.exportTo[0]"},
      {"no label", spec("exportTo: [a_b]"), "spec.exportTo[0]"},
  });
}

TEST(ValidateVirtualService, Metadata) {
  const auto named = [](const std::string& metadata) {
    return "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {" + metadata +
           "}, spec: {hosts: [a], " + kHttp + "}}";
  };
  const auto annotated = [&](const std::string& annotation) {
    return named("name: a, annotations: {" + annotation + "}");
  };
  const char* at = "metadata.annotations";
  check(std::vector<Refused>{
      {"name", named("name: A_B"), "metadata.name", "SLU1007"},
      {"namespace", named("name: a, namespace: a.b"), "metadata.namespace", "SLU1007"},
      {"split", annotated("sluice.io/split: connection")},
      {"other split", annotated("sluice.io/split: conection"), at, "SLU1007"},
      {"drain", annotated("sluice.io/drain: 'off', sluice.io/rebalance: drain")},
      {"other drain", annotated("sluice.io/drain: later"), at, "SLU1007"},
      {"other rebalance", annotated("sluice.io/rebalance: now"), at, "SLU1007"},
      {"dry run", annotated("istio.io/dry-run: 'true'"), at},
      {"refuse", annotated("internal.istio.io/webhook-always-reject: ''"), at},
      {"parent", annotated("internal.istio.io/parents: a/b"), at},
      {"parent's namespace", annotated("internal.istio.io/parent-namespace: a"), at},
  });
}

TEST(ValidateVirtualService, Gateways) {
  check(std::vector<Refused>{
      {"names", spec("gateways: [ns/gw, ns/other, mesh]")},
      {"own namespace", spec("gateways: [gw]")},
      {"character", spec("gateways: [b@dgateway]"), "spec.gateways[0]"},
      {"wildcard", spec("gateways: ['ns1/*']"), "spec.gateways[0]"},
      {"every namespace", spec("gateways: ['*/gateway']"), "spec.gateways[0]"},
      {"no namespace", spec("gateways: [/gw]"), "spec.gateways[0]"},
      {"no name", spec("gateways: [ns/]"), "spec.gateways[0]"},
      {"two slashes", spec("gateways: [ns/a/b]"), "spec.gateways[0]"},
      {"second", spec("gateways: [ns/gw, 'ns/*']"), "spec.gateways[1]"},
      {"behind a name without namespace", spec("gateways: [gw, 'ns/*']")},
  });
  check(std::vector<Warned>{
      {"dotted", spec("gateways: [gw.ns.svc.cluster.local]"), "spec.gateways[0]"},
  });
  EXPECT_EQ(findingsIn(spec("gateways: [gw.ns.svc.cluster.local]"))[0].hint, "write ns/gw");
}

std::string tls(const std::string& match, const std::string& more = "") {
  return virtualService("{hosts: [foo.bar, '*.foo.com'], " + more + "tls: [{match: [" + match +
                        "], " + kTo + "}]}");
}

TEST(ValidateVirtualService, TlsRules) {
  const std::string at = "spec.tls[0].match[0].";
  check(std::vector<Refused>{
      {"rule", tls("{port: 443, sniHosts: [foo.bar], destinationSubnets: [10.0.0.0/8]}")},
      {"no match", virtualService("{hosts: [foo.bar], tls: [{" + kTo + "}]}"), "spec.tls[0].match"},
      {"no names", tls("{port: 443}"), at + "sniHosts"},
      {"empty names", tls("{port: 443, sniHosts: []}"), at + "sniHosts"},
      {"no route", virtualService("{hosts: [foo.bar], tls: [{match: [{sniHosts: [foo.bar]}]}]}"),
       "spec.tls[0].route"},
      {"within a wildcard", tls("{sniHosts: [x.foo.com, '*.x.foo.com']}")},
      {"other host", tls("{sniHosts: [foo.bar, baz.bar]}"), at + "sniHosts[1]"},
      {"wildcard inside", tls("{sniHosts: ['foo.*.com']}"), at + "sniHosts[0]"},
      {"subnet", tls("{sniHosts: [foo.bar], destinationSubnets: [10.0.0.0/33]}"),
       at + "destinationSubnets[0]"},
      {"port", tls("{sniHosts: [foo.bar], port: 70000}"), at + "port"},
      {"label", tls("{sniHosts: [foo.bar], sourceLabels: {a: 'b c'}}"), at + "sourceLabels"},
      {"gateway", tls("{sniHosts: [foo.bar], gateways: [a_b]}"), at + "gateways[0]"},
  });
  check(std::vector<Warned>{{"address", tls("{sniHosts: [1.1.1.1]}"), at + "sniHosts[0]"}});
}

TEST(ValidateVirtualService, NamesBetweenNetworksAreForGateways) {
  const auto between = [](const std::string& host) {
    return virtualService("{hosts: ['" + host + "'], gateways: [ns1/gateway], tls: [{match: " +
                          "[{sniHosts: ['" + host + "']}], " + kTo + "}]}");
  };
  const std::string bad = "outbound_.http_._.a.b";
  check(std::vector<Refused>{
      {"good", between("outbound_.15010_._.istiod.istio-system.svc.cluster.local")},
  });
  EXPECT_EQ(findingsOf(between(bad), Diagnostic::Level::kError).size(), 2U)
      << summary(between(bad));
  EXPECT_EQ(findingsOf(between("outbound_.80"), Diagnostic::Level::kError).size(), 2U);
}

TEST(ValidateVirtualService, TcpRules) {
  const auto tcp = [](const std::string& rule) {
    return virtualService("{hosts: [foo.bar], tcp: [{" + rule + "}]}");
  };
  const auto route = [&](const std::string& list) { return tcp("route: " + list); };
  const std::string at = "spec.tcp[0].match[0].";
  check(std::vector<Refused>{
      {"rule", tcp("match: [{port: 999, destinationSubnets: [10.0.0.1, 'fd00::/8']}], " + kTo)},
      {"no match", tcp(kTo)},
      {"no route", tcp("match: [{port: 999}]"), "spec.tcp[0].route"},
      {"subnet", tcp("match: [{destinationSubnets: ['10.0.0.0/8/8']}], " + kTo),
       at + "destinationSubnets[0]"},
      {"label", tcp("match: [{sourceLabels: {'a b': c}}], " + kTo), at + "sourceLabels"},
      {"gateway", tcp("match: [{gateways: ['a/*']}], " + kTo), at + "gateways[0]"},
      {"destination", route("[{destination: {host: '*'}}]"),
       "spec.tcp[0].route[0].destination.host"},
      {"weights", route("[{destination: {host: a}}, {destination: {host: b}}]"),
       "spec.tcp[0].route"},
      {"weight",
       route("[{destination: {host: a}, weight: -1}, {destination: {host: b}, weight: 9}]"),
       "spec.tcp[0].route[0].weight"},
  });
}

}  // namespace
}  // namespace sluice::source
