// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/policy.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/mesh_fixture.h"

namespace sluice::routing {
namespace {

using Simple = LoadBalancerSettings::Simple;

PolicyBlocks pool(int32_t connections) {
  PolicyBlocks blocks;
  blocks.connection_pool.emplace();
  blocks.connection_pool->tcp.emplace();
  blocks.connection_pool->tcp->max_connections = connections;
  return blocks;
}

PolicyBlocks balancer(Simple simple) {
  PolicyBlocks blocks;
  blocks.load_balancer.emplace();
  blocks.load_balancer->simple = simple;
  return blocks;
}

TrafficPolicy policyOf(const PolicyBlocks& blocks) {
  TrafficPolicy policy;
  static_cast<PolicyBlocks&>(policy) = blocks;
  return policy;
}

void addPort(TrafficPolicy& policy, uint16_t port, const PolicyBlocks& blocks) {
  PortTrafficPolicy level;
  static_cast<PolicyBlocks&>(level) = blocks;
  level.port = port;
  policy.port_level_settings.push_back(level);
}

/// What holds for a port of catalog of shop, with or without its subset v1.
class Policy : public testing::Test {
 protected:
  Policy() : rule_(test::rule("catalog", "shop", "catalog")) {
    rule_.subsets.push_back({"v1", {}, std::nullopt});
    service_.host = "catalog.shop.svc.cluster.local";
    service_.namespace_ = "shop";
    service_.resource = "Service/shop/catalog";
  }

  ClusterPolicy on(uint16_t port, bool of_subset = false) const {
    test::Mesh mesh;
    mesh.add(rule_);
    const auto merged = DestinationRules(mesh.snapshot).find(service_, {"shop", {}});
    return effectivePolicy(merged.get(), of_subset ? merged->subset("v1") : nullptr, port, service_,
                           agent_);
  }

  /// Of the subset.
  HashKeys keysOn(uint16_t port) const {
    test::Mesh mesh;
    mesh.add(rule_);
    const auto merged = DestinationRules(mesh.snapshot).find(service_, {"shop", {}});
    return hashKeys(merged.get(), merged->subset("v1"), port, on(port, true));
  }

  Rare<TrafficPolicy>& ofSubset() { return rule_.subsets[0].traffic_policy; }

  DestinationRule rule_;
  RegistryService service_;
  AgentSettings agent_;
};

int32_t connections(const ClusterPolicy& policy) {
  if (!policy.connection_pool) return -1;
  return policy.connection_pool->value.tcp->max_connections;
}

TEST_F(Policy, NamesOfAServiceEntryStandInForThoseOfThePolicy) {
  PolicyBlocks blocks;
  auto& tls = blocks.tls.emplace();
  tls.mode = ClientTlsSettings::Mode::kSimple;
  rule_.traffic_policy = policyOf(blocks);
  service_.subject_alt_names = {"spiffe://partner"};
  EXPECT_EQ(on(80).tls->value.subject_alt_names, service_.subject_alt_names);
  tls.subject_alt_names = {"own.example"};
  rule_.traffic_policy = policyOf(blocks);
  EXPECT_EQ(on(80).tls->value.subject_alt_names, tls.subject_alt_names);
}

TEST_F(Policy, WithoutARuleThereIsNone) {
  EXPECT_EQ(effectivePolicy(nullptr, nullptr, 80, service_, agent_), ClusterPolicy{});
}

TEST_F(Policy, TheRulesBlocksHoldAndSayWhereTheyAre) {
  rule_.traffic_policy = policyOf(pool(9));
  EXPECT_EQ(connections(on(80)), 9);
  EXPECT_EQ(on(80).connection_pool->from,
            "DestinationRule/shop/catalog spec.trafficPolicy.connectionPool");
}

TEST_F(Policy, APortsSettingsReplaceTheRulesWhole) {
  rule_.traffic_policy = policyOf(balancer(Simple::kRandom));
  rule_.traffic_policy->tunnel.emplace();
  addPort(*rule_.traffic_policy, 81, pool(1));
  addPort(*rule_.traffic_policy, 80, pool(3));
  EXPECT_EQ(connections(on(80)), 3);
  EXPECT_FALSE(on(80).load_balancer);
  EXPECT_FALSE(on(80).tunnel);
  EXPECT_EQ(on(80).connection_pool->from,
            "DestinationRule/shop/catalog spec.trafficPolicy.portLevelSettings[1].connectionPool");
  EXPECT_EQ(connections(on(82)), -1);
  EXPECT_TRUE(on(82).load_balancer);
  EXPECT_TRUE(on(82).tunnel);
}

TEST_F(Policy, ASubsetReplacesBlockByBlock) {
  rule_.traffic_policy = policyOf(pool(9));
  rule_.traffic_policy->load_balancer = balancer(Simple::kRandom).load_balancer;
  ofSubset() = policyOf(pool(2));
  EXPECT_EQ(connections(on(80, true)), 2);
  EXPECT_EQ(on(80, true).connection_pool->from,
            "DestinationRule/shop/catalog spec.subsets[0].trafficPolicy.connectionPool");
  EXPECT_EQ(on(80, true).load_balancer->value.simple, Simple::kRandom);
  EXPECT_EQ(connections(on(80)), 9);
}

TEST_F(Policy, ASubsetReplacesBlocksOfThePort) {
  rule_.traffic_policy = policyOf(pool(9));
  addPort(*rule_.traffic_policy, 80, balancer(Simple::kRandom));
  ofSubset() = policyOf(pool(2));
  EXPECT_EQ(connections(on(80, true)), 2);
  EXPECT_EQ(on(80, true).load_balancer->value.simple, Simple::kRandom);
}

TEST_F(Policy, APortsSettingsOfASubsetReplaceAllFourBlocks) {
  rule_.traffic_policy = policyOf(pool(9));
  rule_.traffic_policy->proxy_protocol.emplace();
  ofSubset() = policyOf(pool(2));
  addPort(*ofSubset(), 80, balancer(Simple::kRandom));
  const auto policy = on(80, true);
  EXPECT_EQ(connections(policy), -1);
  EXPECT_EQ(policy.load_balancer->from,
            "DestinationRule/shop/catalog "
            "spec.subsets[0].trafficPolicy.portLevelSettings[0].loadBalancer");
  EXPECT_TRUE(policy.proxy_protocol);
  EXPECT_EQ(connections(on(81, true)), 2);
}

TEST_F(Policy, OtherBlocksOfASubsetReplaceTheRules) {
  rule_.traffic_policy = TrafficPolicy{};
  rule_.traffic_policy->retry_budget = RetryBudget{10, {}, {}};
  ofSubset() = TrafficPolicy{};
  ofSubset()->retry_budget = RetryBudget{30, {}, {}};
  EXPECT_EQ(on(80, true).retry_budget->value.percent, 30);
  EXPECT_EQ(on(80).retry_budget->value.percent, 10);
}

TEST_F(Policy, TheMeshFillsPoolAndOutlierDetectionWhereTheyAreAbsent) {
  agent_.default_traffic_policy = pool(5);
  agent_.default_traffic_policy->outlier_detection.emplace();
  agent_.default_traffic_policy->load_balancer = balancer(Simple::kRandom).load_balancer;
  rule_.traffic_policy = policyOf(pool(9));
  EXPECT_EQ(connections(on(80)), 9);
  EXPECT_EQ(on(80).outlier_detection->from,
            "Agent spec.mesh.defaultTrafficPolicy.outlierDetection");
  EXPECT_FALSE(on(80).load_balancer);
  EXPECT_EQ(connections(effectivePolicy(nullptr, nullptr, 80, service_, agent_)), 5);
}

PolicyBlocks hashing(const std::string& header) {
  PolicyBlocks blocks;
  blocks.load_balancer.emplace();
  if (!header.empty()) {
    blocks.load_balancer->consistent_hash.emplace();
    blocks.load_balancer->consistent_hash->http_header_name = header;
  }
  return blocks;
}

std::string named(const std::optional<ConsistentHash>& key) {
  return key ? key->http_header_name : "(none)";
}

TEST_F(Policy, TheKeyOfAHashIsTheInnermost) {
  const auto keys = [&](const char* with_port, const char* without) {
    EXPECT_EQ(named(keysOn(80).with_port), with_port);
    EXPECT_EQ(named(keysOn(80).without_port), without);
  };
  rule_.traffic_policy = policyOf(hashing("rule"));
  keys("rule", "rule");
  addPort(*rule_.traffic_policy, 80, hashing("rule-port"));
  keys("rule-port", "rule");
  ofSubset() = policyOf(hashing("subset"));
  keys("subset", "subset");
  addPort(*ofSubset(), 80, hashing("subset-port"));
  keys("subset-port", "subset");
}

TEST_F(Policy, AKeyOfAnotherPortIsNone) {
  rule_.traffic_policy = policyOf({});
  addPort(*rule_.traffic_policy, 81, hashing("other"));
  EXPECT_EQ(keysOn(80), HashKeys{});
  // Hashed by the port's policy, but a route that does not name the port gives no hash.
  addPort(*rule_.traffic_policy, 80, hashing("port"));
  EXPECT_EQ(named(keysOn(80).with_port), "port");
  EXPECT_EQ(named(keysOn(80).without_port), "(none)");
}

TEST_F(Policy, WhereTheBalancerDoesNotHashThereIsNoKey) {
  rule_.traffic_policy = policyOf(hashing("rule"));
  ofSubset() = policyOf(balancer(Simple::kRoundRobin));
  EXPECT_EQ(keysOn(80), HashKeys{});
}

TEST_F(Policy, SessionAffinityIsAHashOfTheClientsAddress) {
  service_.session_affinity = true;
  EXPECT_EQ(on(80).load_balancer->value.consistent_hash->use_source_ip, true);
  EXPECT_EQ(on(80).load_balancer->from, "Service/shop/catalog spec.sessionAffinity");
  rule_.traffic_policy = policyOf(balancer(Simple::kRandom));
  EXPECT_FALSE(on(80).load_balancer->value.consistent_hash);
}

TEST_F(Policy, SessionAffinityIsTheKeyWhateverPortIsNamed) {
  service_.session_affinity = true;
  EXPECT_EQ(keysOn(80).with_port->use_source_ip, true);
  EXPECT_EQ(keysOn(80).without_port->use_source_ip, true);
}

}  // namespace
}  // namespace sluice::routing
