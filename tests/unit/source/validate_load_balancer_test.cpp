// SPDX-License-Identifier: Apache-2.0
// Load balancing and localities of a DestinationRule.
#include "tests/unit/source/validate_cases.h"

namespace sluice::source {
namespace {

const std::string kBalancer = "spec.trafficPolicy.loadBalancer";

std::string balancer(const std::string& fields) {
  return policy("{loadBalancer: {" + fields + "}}");
}

std::string hash(const std::string& fields) { return balancer("consistentHash: {" + fields + "}"); }

TEST(ValidateLoadBalancer, ConsistentHash) {
  const auto cookie = [](const std::string& fields) {
    return hash("httpCookie: {" + fields + "}");
  };
  const std::string at = kBalancer + ".consistentHash";
  check(std::vector<Refused>{
      {"cookie", cookie("name: test, ttl: 1h")},
      {"session cookie", cookie("name: test, ttl: 0s")},
      {"no ttl", cookie("name: test")},
      {"no name", cookie("ttl: 1h"), at + ".httpCookie.name"},
      {"attributes",
       cookie("name: a, ttl: 1h, attributes: [{name: SameSite, value: Strict}, {name: "
              "Secure}]")},
      {"attribute twice",
       cookie("name: a, attributes: [{name: SameSite, value: Strict}, {name: "
              "SameSite, value: Lax}]"),
       at + ".httpCookie.attributes[1].name"},
      {"attribute without name", cookie("name: a, attributes: [{name: '', value: x}]"),
       at + ".httpCookie.attributes[0].name"},
      {"maglev", hash("useSourceIp: true, maglev: {tableSize: 65537}")},
      {"not prime", hash("useSourceIp: true, maglev: {tableSize: 1000}"), at + ".maglev.tableSize"},
      {"other prime", hash("useSourceIp: true, maglev: {tableSize: 4999999}")},
      {"square of a prime", hash("useSourceIp: true, maglev: {tableSize: 4932841}"),
       at + ".maglev.tableSize"},
      {"too large", hash("useSourceIp: true, maglev: {tableSize: 5000011}"),
       at + ".maglev.tableSize"},
      {"one, as Envoy has it", hash("useSourceIp: true, maglev: {tableSize: 1}")},
      {"no size", hash("useSourceIp: true, maglev: {}"), at + ".maglev.tableSize"},
      {"old size with ring", hash("useSourceIp: true, minimumRingSize: 8, ringHash: {}"), at},
      {"old size with maglev",
       hash("useSourceIp: true, minimumRingSize: 8, maglev: {tableSize: 65537}"), at},
  });
  check(std::vector<Warned>{
      {"old size", hash("useSourceIp: true, minimumRingSize: 1024"), at + ".minimumRingSize"},
      {"new size", hash("useSourceIp: true, ringHash: {minimumRingSize: 1024}")},
  });
}

TEST(ValidateLoadBalancer, Warmup) {
  const auto warmup = [](const std::string& fields) {
    return balancer("simple: ROUND_ROBIN, warmup: {" + fields + "}");
  };
  const std::string at = kBalancer + ".warmup";
  check(std::vector<Refused>{
      {"all", warmup("duration: 10s, minimumPercent: 100, aggression: 1.5")},
      {"no duration", warmup("minimumPercent: 10"), at + ".duration"},
      {"fraction", warmup("duration: 1.5ms"), at + ".duration"},
      {"percent", warmup("duration: 10s, minimumPercent: 101"), at + ".minimumPercent"},
      {"no aggression", warmup("duration: 10s, aggression: 0"), at + ".aggression"},
      {"negative aggression", warmup("duration: 10s, aggression: -1"), at + ".aggression"},
  });
}

/// With outlier detection, so that nothing is warned of.
std::string locality(const std::string& fields) {
  return policy("{loadBalancer: {localityLbSetting: {" + fields + "}}, outlierDetection: {}}");
}

std::string distribution(const std::string& to) {
  return locality("distribute: [{from: a/b/c, to: {" + to + "}}]");
}

TEST(ValidateLocality, Ways) {
  const std::string at = kBalancer + ".localityLbSetting";
  const std::string distribute = "distribute: [{from: a/b/c, to: {a/b/c: 80, a/b1: 20}}]";
  const std::string failover = "failover: [{from: region1, to: region2}]";
  check(std::vector<Refused>{
      {"nothing", locality("enabled: false")},
      {"distribute", locality(distribute)},
      {"failover", locality(failover)},
      {"both", locality(distribute + ", " + failover), at},
      {"failover of a label", locality(failover + ", failoverPriority: [version]")},
      {"failover and region",
       locality(failover + ", failoverPriority: [topology.kubernetes.io/region]"), at},
      {"failover and subzone",
       locality(failover + ", failoverPriority: [topology.istio.io/subzone]"), at},
      {"with zone awareness",
       balancer("localityLbSetting: {}, zoneAwareLbSetting: {enabled: true}"), kBalancer},
      {"zone awareness", balancer("zoneAwareLbSetting: {enabled: true}")},
  });
}

TEST(ValidateLocality, Shares) {
  const std::string at = kBalancer + ".localityLbSetting.distribute[0].to";
  check(std::vector<Refused>{
      {"hundred", distribution("a/b/c: 80, a/b1: 20")},
      {"more", distribution("a/b/c: 80, a/b1: 25"), at},
      {"less", distribution("a/b/c: 80, a/b1: 15"), at},
      {"none", distribution("a/b/c: 0, a/b1: 100"), at},
      {"nobody", distribution(""), at},
      {"overlap", distribution("'a/*': 50, a/b/c: 50"), at},
  });
}

/// Distributes from each of `localities`.
std::string from(const std::vector<std::string>& localities) {
  std::string list;
  for (const auto& each : localities) list += "{from: '" + each + "', to: {x: 100}}, ";
  return locality("distribute: [" + list + "]");
}

TEST(ValidateLocality, LocalitiesDoNotOverlap) {
  const std::string at = kBalancer + ".localityLbSetting.distribute";
  check(std::vector<Refused>{
      {"apart", from({"a1/*", "a2/*", "a3/b3/c3", "a4/b4", "a5/b5/*"})},
      {"siblings", from({"a/b/c", "a/b/d", "a/e"})},
      {"similar names", from({"a/b", "a/bc", "ab"})},
      {"two wildcards", from({"*/zone/*"}), at},
      {"wildcard in front", from({"*/zone"}), at},
      {"empty zone", from({"a//c"}), at},
      {"empty", from({""}), at},
      {"slash at the end", from({"a/b/"}), at},
      {"everything", from({"*", "a/b/c"}), at},
      {"region", from({"a", "a/b/c"}), at},
      {"region with wildcard", from({"a/*", "a/b/c"}), at},
      {"zone", from({"a/b", "a/b/c"}), at},
      {"zone with wildcard", from({"a/b/*", "a/b/c"}), at},
      {"twice", from({"a/b/c", "a/b/c"}), at},
      {"region behind", from({"a/b/c", "a"}), at},
      {"zone behind", from({"a/b/c", "a/b"}), at},
      {"rest of the region behind", from({"a/b/c", "a/*"})},
      {"rest of the zone behind", from({"a/b/c", "a/b/*"})},
      {"rest of the world behind", from({"a/b/c", "*"})},
  });
}

TEST(ValidateLocality, Failover) {
  const auto failover = [](const std::string& a, const std::string& b) {
    return locality("failover: [{from: '" + a + "', to: '" + b + "'}]");
  };
  const std::string at = kBalancer + ".localityLbSetting.failover[0]";
  check(std::vector<Refused>{
      {"regions", failover("region1", "region2")},
      {"same", failover("region1", "region1"), at},
      {"wildcard in from", failover("*", "region2"), at},
      {"wildcard in to", failover("region1", "*"), at},
      {"zone in from", failover("region1/zone1", "region2"), at},
      {"zone in to", failover("region1", "region2/zone1"), at},
  });
}

TEST(ValidateLocality, FailoverNeedsOutlierDetection) {
  const std::string at = kBalancer + ".localityLbSetting.";
  const std::string failover = "localityLbSetting: {failover: [{from: a, to: b}]}";
  check(std::vector<Warned>{
      {"failover", balancer(failover), at + "failover"},
      {"priority", balancer("localityLbSetting: {failoverPriority: [topology.istio.io/network]}"),
       at + "failoverPriority"},
      {"distribute", balancer("localityLbSetting: {distribute: [{from: a, to: {b: 100}}]}")},
      {"with it", locality("failover: [{from: a, to: b}]")},
      {"of a subset, which may have the rule's",
       destinationRule("{host: a, subsets: [{name: b, trafficPolicy: {loadBalancer: {" + failover +
                       "}}}]}")},
  });
}

}  // namespace
}  // namespace sluice::source
