// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/policy_views.h"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

using namespace std::chrono_literals;

TEST(PolicyViews, BlocksHaveEveryFieldThatIsSetAndTheirPlace) {
  routing::ClusterPolicy policy;
  auto& pool = policy.connection_pool.emplace();
  pool.from = "here";
  pool.value.tcp.emplace().tcp_keepalive.emplace().interval = 5s;
  pool.value.http.emplace().http2_keep_alive = {10s, 1s};
  policy.tunnel = {{"POST", "far.example", 8443}, "there"};
  policy.retry_budget = {{{}, {}, 3s}, "there"};
  auto& locality = policy.load_balancer.emplace().value.locality_lb_setting.emplace();
  locality.failover_priority = {"topology.kubernetes.io/zone"};
  const auto view = clusterPolicyView(policy);
  EXPECT_EQ(view.at("connectionPool"),
            (Json{{"tcp", {{"tcpKeepalive", {{"interval", "5s"}}}}},
                  {"http", {{"http2KeepAlive", {{"interval", "10s"}, {"timeout", "1s"}}}}},
                  {"from", "here"}}));
  EXPECT_EQ(view.at("tunnel"), (Json{{"protocol", "POST"},
                                     {"targetHost", "far.example"},
                                     {"targetPort", 8443},
                                     {"from", "there"}}));
  EXPECT_EQ(view.at("retryBudget"), (Json{{"budgetInterval", "3s"}, {"from", "there"}}));
  EXPECT_EQ(view.at("loadBalancer").at("localityLbSetting"),
            (Json{{"failoverPriority", Json::array({"topology.kubernetes.io/zone"})}}));
}

TEST(PolicyViews, WhatDecidesIsSaidThoughItIsTheDefault) {
  routing::ClusterPolicy policy;
  policy.load_balancer.emplace();
  policy.tls.emplace().from = "here";
  policy.proxy_protocol.emplace().from = "here";
  const auto view = clusterPolicyView(policy);
  EXPECT_EQ(view.at("loadBalancer").at("simple"), "LEAST_REQUEST");
  EXPECT_EQ(view.at("tls"), (Json{{"mode", "DISABLE"}, {"from", "here"}}));
  EXPECT_EQ(view.at("proxyProtocol"), (Json{{"version", "V1"}, {"from", "here"}}));
  EXPECT_EQ(retryView({}), (Json{{"attempts", 0}}));
}

Json hashing(const ConsistentHash& hash) {
  routing::ClusterPolicy policy;
  policy.load_balancer.emplace().value.consistent_hash = hash;
  return clusterPolicyView(policy).at("loadBalancer").at("consistentHash");
}

TEST(PolicyViews, RingsAreShownAsTheTableThatServesThem) {
  ConsistentHash hash;
  hash.http_header_name = "x-user";
  hash.ring_hash.emplace().minimum_ring_size = 2048;
  hash.minimum_ring_size = 2048;
  EXPECT_EQ(hashing(hash),
            (Json{{"httpHeaderName", "x-user"}, {"maglev", {{"tableSize", 65537}}}}));
  hash.ring_hash.reset();
  hash.maglev.emplace().table_size = 101;
  EXPECT_EQ(hashing(hash).at("maglev"), (Json{{"tableSize", 101}}));
  ConsistentHash address;
  address.use_source_ip = true;
  EXPECT_EQ(hashing(address), (Json{{"useSourceIp", true}}));
}

TEST(PolicyViews, DeprecatedFieldsAreShownAsWhatTheyDo) {
  routing::ClusterPolicy policy;
  policy.load_balancer.emplace().value.warmup_duration_secs = 30s;
  policy.outlier_detection.emplace().value.consecutive_errors = 7;
  CorsPolicy cors;
  cors.allow_origin = {"http://old"};
  cors.allow_origins = {{StringMatch::Kind::kPrefix, "http://new"}};
  const auto view = clusterPolicyView(policy);
  EXPECT_EQ(view.at("loadBalancer").at("warmup"),
            (Json{{"duration", "30s"}, {"minimumPercent", 10}, {"aggression", 1}}));
  EXPECT_FALSE(view.at("loadBalancer").contains("warmupDurationSecs"));
  EXPECT_FALSE(view.at("outlierDetection").contains("consecutiveErrors"));
  EXPECT_EQ(corsView(cors), (Json{{"allowOrigins", Json::array({{{"exact", "http://old"}},
                                                                {{"prefix", "http://new"}}})}}));
}

}  // namespace
}  // namespace sluice::observe
