// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/explanation_view.h"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

routing::ExplainRequest call() {
  routing::ExplainRequest call;
  call.from = "shop/web";
  call.host = "api";
  call.port = 8080;
  call.path = "/a?b";
  call.headers = {{"user-group", "beta"}, {"user-group", "x"}};
  call.protocol = routing::CallProtocol::kTls;
  call.sni = "api.example";
  return call;
}

TEST(CallView, ArrivesAsItWasSent) {
  const auto read = readCall(callView(call()));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->from, "shop/web");
  EXPECT_EQ(read->host, "api");
  EXPECT_EQ(read->port, 8080);
  EXPECT_EQ(read->method, "GET");
  EXPECT_EQ(read->path, "/a?b");
  EXPECT_EQ(read->headers, call().headers);
  EXPECT_EQ(read->protocol, routing::CallProtocol::kTls);
  EXPECT_EQ(read->sni, "api.example");
}

TEST(CallView, FieldsThatAreMissingOrOfAnotherTypeAreRefused) {
  const auto whole = callView(call());
  for (const auto& [field, value] : whole.items()) {
    auto missing = whole;
    missing.erase(field);
    EXPECT_FALSE(readCall(missing).ok()) << field;
    auto wrong = whole;
    wrong[field] = Json::object();
    EXPECT_FALSE(readCall(wrong).ok()) << field;
  }
  auto port = whole;
  port["port"] = 65536;
  EXPECT_FALSE(readCall(port).ok());
  auto protocol = whole;
  protocol["protocol"] = "udp";
  EXPECT_FALSE(readCall(protocol).ok());
  auto header = whole;
  header["headers"] = Json::array({Json::array({"alone"})});
  EXPECT_FALSE(readCall(header).ok());
}

TEST(ExplanationView, HasTheFieldsOfTheContract) {
  routing::Explanation explanation;
  explanation.action = routing::Action::kNoEndpoints;
  explanation.status = 503;
  explanation.flag = "UH";
  explanation.virtual_service = "shop/api";
  explanation.rule_index = 0;
  auto& destination = explanation.destinations.emplace_back();
  destination.cluster = {"api", 80, "v1"};
  destination.exists = true;
  destination.authority = "one.example";
  destination.headers.request.set["Host"] = "one.example";
  destination.headers.response.remove = {"x-debug"};
  auto& balancer = destination.policy.load_balancer.emplace();
  balancer.value.consistent_hash.emplace().http_header_name = "x-user";
  balancer.value.consistent_hash->ring_hash.emplace();
  balancer.value.warmup.emplace().duration = std::chrono::seconds(30);
  destination.policy.connection_pool.emplace().from = "DestinationRule/shop/api spec.trafficPolicy";
  destination.policy.connection_pool->value.tcp.emplace().max_connections = 3;
  auto& retries = explanation.retries.emplace();
  retries.value.attempts = 2;
  retries.from = "VirtualService/shop/api";
  destination.policy.retry_budget.emplace().value.min_retry_concurrency = 5;
  explanation.cors.emplace().unmatched_preflights = CorsPolicy::UnmatchedPreflights::kIgnore;
  explanation.losers.push_back({"shop/later", "older"});
  explanation.rewritten_path = "/new";
  explanation.timeout = std::chrono::seconds(3);
  explanation.headers.request.remove = {"x-a"};
  explanation.places = {{"timeout", "there"}, {"headers", "elsewhere"}};
  explanation.path = routing::Path::kProxy;
  explanation.reasons.push_back({"SLU4001", "spec.http[0].match", "looks at the request"});
  explanation.skipped.push_back({1, "rest", "behind the rule that matches"});
  const auto view = explanationView(explanation);
  EXPECT_EQ(view.at("action"), "no_endpoints");
  EXPECT_EQ(view.at("status"), 503);
  EXPECT_EQ(view.at("flag"), "UH");
  EXPECT_EQ(view.at("rule"), (Json{{"virtualService", "shop/api"},
                                   {"list", "http"},
                                   {"index", 0},
                                   {"name", ""},
                                   {"delegate", ""}}));
  const auto& to = view.at("destinations").at(0);
  EXPECT_EQ(to.at("endpoints"), Json::array());
  EXPECT_EQ(to.at("authority"), "one.example");
  EXPECT_EQ(to.at("headers"), (Json{{"request", {{"set", {{"Host", "one.example"}}}}},
                                    {"response", {{"remove", Json::array({"x-debug"})}}}}));
  const auto& policy = view.at("policy");
  EXPECT_EQ(policy.at("timeout"), "3s");
  EXPECT_EQ(policy.at("timeoutFrom"), "there");
  EXPECT_EQ(policy.at("headers"),
            (Json{{"request", {{"remove", Json::array({"x-a"})}}}, {"from", "elsewhere"}}));
  EXPECT_EQ(policy.at("retries").at("attempts"), 2);
  EXPECT_EQ(policy.at("retries").at("from"), "VirtualService/shop/api");
  EXPECT_EQ(policy.at("retryBudget").at("minRetryConcurrency"), 5);
  EXPECT_EQ(policy.at("cors").at("unmatchedPreflights"), "IGNORE");
  EXPECT_EQ(policy.at("connectionPool"),
            (Json{{"tcp", {{"maxConnections", 3}}},
                  {"from", "DestinationRule/shop/api spec.trafficPolicy"}}));
  // What is done, where that is not what was asked for.
  EXPECT_EQ(policy.at("loadBalancer").at("consistentHash"),
            (Json{{"httpHeaderName", "x-user"}, {"maglev", {{"tableSize", 65537}}}}));
  EXPECT_EQ(policy.at("loadBalancer").at("warmup"),
            (Json{{"duration", "30s"}, {"minimumPercent", 10.0}, {"aggression", 1.0}}));
  EXPECT_EQ(view.at("rewrite"), (Json{{"path", "/new"}}));
  EXPECT_EQ(view.at("losers").at(0).at("virtualService"), "shop/later");
  EXPECT_EQ(view.at("path"), "proxy");
  EXPECT_EQ(view.at("reasons").at(0).at("code"), "SLU4001");
  EXPECT_EQ(view.at("skipped").at(0).at("rule"), 1);
}

}  // namespace
}  // namespace sluice::observe
