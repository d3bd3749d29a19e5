// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/explain.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/explained.h"
#include "userspace/routing/retry_default.h"

namespace sluice::routing {
namespace {

using test::answering;
using test::ask;
using test::meta;
using test::World;

World headerRule() {
  HttpMatchRequest beta = test::header("user-group", test::exact("beta"));
  return test::productApi()
      .add(test::virtualService(meta("product-api"), {"product-api"},
                                {test::route({test::to("product-api", "v2")}, {beta}),
                                 test::route({test::to("product-api", "v1")})}))
      .add(test::workload("web"));
}

TEST(Explain, NamesTheRuleItsDestinationAndTheRulesBefore) {
  const auto answer = ask(headerRule());
  EXPECT_EQ(answer.action, Action::kRoute);
  EXPECT_EQ(answer.virtual_service, "default/product-api");
  EXPECT_EQ(answer.rule_index, 1);
  ASSERT_EQ(answer.destinations.size(), 1u);
  EXPECT_EQ(answer.destinations[0].cluster.subset, "v1");
  EXPECT_EQ(answer.destinations[0].endpoints.size(), 2u);
  EXPECT_EQ(answer.destinations[0].destination_rule, "default/product-api");
  EXPECT_EQ(answer.path, Path::kProxy);
  EXPECT_EQ(answer.reasons.front().code, "SLU4001");
  ASSERT_EQ(answer.skipped.size(), 1u);
  EXPECT_EQ(answer.skipped[0].why, "headers[user-group] does not match");
}

TEST(Explain, HeadersOfTheRequestCount) {
  ExplainRequest request;
  request.headers = {{"User-Group", "beta"}};
  EXPECT_EQ(ask(headerRule(), request).destinations[0].cluster.subset, "v2");
}

TEST(Explain, RetriesAreThoseThatHold) {
  const auto retriesWith = [](std::optional<HttpRetry> of_rule, std::optional<HttpRetry> of_mesh) {
    auto rule = test::route({test::to("product-api", "v1")});
    rule.timeout = std::chrono::seconds(1);
    rule.retries = std::move(of_rule);
    auto world = test::productApi();
    world.snapshot.agent.default_http_retry_policy = std::move(of_mesh);
    world.add(test::virtualService(meta("vs"), {"product-api"}, {rule}));
    return *ask(world.add(test::workload("web"))).retries;
  };
  HttpRetry own, mesh;
  own.attempts = 3;
  mesh.attempts = 1;
  mesh.retry_on = "5xx";
  EXPECT_EQ(retriesWith({}, {}).from, "Istio's default");
  EXPECT_EQ(retriesWith({}, {}).value.attempts, 2);
  EXPECT_EQ(retriesWith({}, mesh).value, mesh);
  EXPECT_EQ(retriesWith(own, mesh).value.attempts, 3);
  EXPECT_EQ(retriesWith(own, mesh).value.retry_on, kDefaultRetryOn);
  EXPECT_EQ(retriesWith(HttpRetry{}, mesh).value, HttpRetry{});
  EXPECT_EQ(retriesWith(own, mesh).from, "VirtualService/default/vs spec.http[0].retries");
}

TEST(Explain, PoliciesOfADelegateAreWhereTheyWereWritten) {
  HttpRoute root;
  root.delegate = Delegate{"leaf", "billing"};
  root.timeout = std::chrono::seconds(5);
  root.headers.edit().request.set["x-a"] = "root";
  root.mirror.emplace().host = "product-api";
  auto inner = test::route({test::to("product-api.default.svc.cluster.local")});
  inner.timeout = std::chrono::seconds(1);
  auto world = test::productApi();
  world.add(test::virtualService(meta("root"), {"product-api"}, {root}))
      .add(test::virtualService(meta("leaf", "billing"), {}, {inner}));
  const auto answer = ask(world);
  EXPECT_THAT(answer.places,
              testing::ElementsAre(
                  testing::Pair("headers", "VirtualService/default/root spec.http[0].headers"),
                  testing::Pair("timeout", "VirtualService/billing/leaf spec.http[0].timeout")));
  EXPECT_EQ(answer.mirrors.at(0).from, "VirtualService/default/root spec.http[0]");
}

TEST(Explain, EverySpellingOfTheServiceIsUnderstood) {
  const auto world = headerRule();
  for (const auto* host : {"product-api", "Product-API.default", "product-api.default.svc",
                           "product-api.default.svc.cluster.local",
                           "product-api.default.svc.cluster.local.", "10.96.0.10"})
    EXPECT_EQ(ask(world, {"default/web", host, {}}).action, Action::kRoute) << host;
  EXPECT_EQ(ask(world, {"shop/web", "product-api", {}}).action, Action::kPassthrough);
  EXPECT_EQ(ask(world, {"shop/web", "product-api.default", {}}).action, Action::kRoute);
  EXPECT_EQ(ask(world, {"default/web", "product-api", 81}).action, Action::kPassthrough);
}

TEST(Explain, NothingThatMatchesIsNotFound) {
  auto world = test::productApi();
  HttpMatchRequest match;
  match.uri = test::exact("/only");
  world.add(test::virtualService(meta("vs"), {"product-api"},
                                 {test::route({test::to("product-api", "v1")}, {match})}));
  const auto answer = ask(world);
  EXPECT_EQ(answer.action, Action::kNotFound);
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.flag, "NR");
}

TEST(Explain, WhatAsksForMoreThanForwardingIsWarnedOf) {
  World world;
  auto rule = test::tlsTo(meta("plain"), "plain");
  rule.traffic_policy->tls->credential_name = "a-secret";
  world.add(test::service("plain", {"10.96.0.10"}))
      .addEndpoint("plain", "10.1.0.1", {})
      .add(std::move(rule));
  ExplainRequest request;
  request.host = "plain";
  EXPECT_THAT(ask(world, request).warnings,
              testing::ElementsAre(testing::HasSubstr("it asks for TLS")));
  world.snapshot.destination_rules.clear();
  world.add(test::tlsTo(meta("plain"), "plain"));
  EXPECT_THAT(ask(world, request).warnings, testing::IsEmpty());
}

TEST(Explain, AuthorityIsTheHostAsItWasGiven) {
  auto world = test::productApi();
  HttpMatchRequest match;
  match.authority = test::exact("product-api:80");
  world.add(test::virtualService(meta("vs"), {"product-api"},
                                 {test::route({test::to("product-api", "v1")}, {match})}));
  EXPECT_EQ(ask(world).action, Action::kNotFound);
  EXPECT_EQ(ask(world, {"default/web", "product-api", 80}).action, Action::kRoute);
}

TEST(Explain, LosersAndWhereTheDestinationRuleWasFound) {
  auto world = headerRule();
  world.add(
      test::virtualService(meta("later", "default", 9), {"product-api"}, {test::answer(418)}));
  const auto answer = ask(world);
  ASSERT_EQ(answer.losers.size(), 1u);
  EXPECT_EQ(answer.losers[0].virtual_service, "default/later");
  EXPECT_THAT(answer.losers[0].why, testing::HasSubstr("older"));
  EXPECT_EQ(answer.destinations[0].destination_rule_found, "the client's namespace");
  EXPECT_EQ(
      ask(world, {"shop/web", "product-api.default", {}}).destinations[0].destination_rule_found,
      "the service's namespace");
}

TEST(Explain, RedirectsAndAnswersOfRules) {
  HttpRoute redirect;
  redirect.redirect.emplace().uri = "/new";
  const auto moved = ask(answering(redirect));
  EXPECT_EQ(moved.action, Action::kRedirect);
  EXPECT_EQ(moved.status, 301);
  EXPECT_EQ(moved.location, "http://product-api/new");
  const auto said = ask(answering(test::answer(418)));
  EXPECT_EQ(said.action, Action::kDirectResponse);
  EXPECT_EQ(said.status, 418);
}

TEST(Explain, AbortOfEveryRequestIsTheAnswer) {
  auto rule = test::route({test::to("product-api", "v1")});
  rule.fault.emplace().abort = Abort{503, "", "", {1'000'000}};
  EXPECT_EQ(ask(answering(rule)).action, Action::kDirectResponse);
  EXPECT_EQ(ask(answering(rule)).flag, "FI");
  rule.fault->delay = Delay{std::chrono::seconds(1), {}, {1'000'000}};
  EXPECT_EQ(ask(answering(rule)).flag, "DI,FI");
  rule.fault->abort = Abort{{}, "UNAVAILABLE", "", {1'000'000}};
  EXPECT_EQ(ask(answering(rule)).status, 200);
  EXPECT_EQ(ask(answering(rule)).grpc_status, 14);
  rule.fault->abort->percentage = {999'999};
  EXPECT_EQ(ask(answering(rule)).action, Action::kRoute);
}

/// Envoy's fault filter stands before that of CORS.
TEST(Explain, AbortHidesThePreflight) {
  auto rule = test::route({test::to("product-api", "v1")});
  rule.cors_policy.emplace().allow_origins = {test::exact("http://shop.example")};
  ExplainRequest preflight;
  preflight.method = "OPTIONS";
  preflight.headers = {{"Origin", "http://shop.example"}, {"Access-Control-Request-Method", "GET"}};
  EXPECT_EQ(ask(answering(rule), preflight).status, 200);
  EXPECT_FALSE(ask(answering(rule), preflight).response_headers.empty());
  rule.fault.emplace().abort = Abort{503, "", "", {1'000'000}};
  const auto aborted = ask(answering(rule), preflight);
  EXPECT_EQ(aborted.status, 503);
  EXPECT_EQ(aborted.flag, "FI");
  EXPECT_TRUE(aborted.response_headers.empty());
}

/// A redirect or an answer of the rule has no CORS policy, not even for a preflight.
TEST(Explain, AnswersOfRulesHaveNoCorsPolicy) {
  auto rule = test::answer(418);
  rule.cors_policy.emplace().allow_origins = {test::exact("http://shop.example")};
  ExplainRequest preflight;
  preflight.method = "OPTIONS";
  preflight.headers = {{"Origin", "http://shop.example"}, {"Access-Control-Request-Method", "GET"}};
  const auto answer = ask(answering(rule), preflight);
  EXPECT_EQ(answer.status, 418);
  EXPECT_TRUE(answer.response_headers.empty());
}

TEST(Explain, SchemeIsWhatTheClientSays) {
  auto secure = test::route({test::to("product-api", "v2")}, {HttpMatchRequest{}});
  secure.match[0].scheme = test::exact("https");
  auto world = test::productApi();
  world
      .add(test::virtualService(meta("vs"), {"product-api"},
                                {secure, test::route({test::to("product-api", "v1")})}))
      .add(test::workload("web"));
  ExplainRequest request;
  EXPECT_EQ(ask(world, request).destinations.at(0).cluster.subset, "v1");
  request.headers = {{"X-Forwarded-Proto", "https"}};
  EXPECT_EQ(ask(world, request).destinations.at(0).cluster.subset, "v2");
}

TEST(Explain, RewritesShowWhatIsSent) {
  auto rule = test::route({test::to("product-api", "v1")}, {test::uri(test::prefix("/shop/"))});
  rule.rewrite = HttpRewrite{"/", "inner.example", {}};
  ExplainRequest request;
  request.path = "/a/../shop/%78?y=1";
  const auto answer = ask(answering(rule), request);
  EXPECT_EQ(answer.upstream_path, "/x?y=1");
  EXPECT_EQ(answer.rewritten_authority, "inner.example");
}

World connections(const std::string& port_name) {
  World world;
  auto vs = test::virtualService(meta("vs"), {"db"}, {});
  TlsRoute tls;
  tls.route = {test::to("db")};
  tls.match.emplace_back().sni_hosts = {"*.shop.example"};
  vs.tls = {tls};
  TcpRoute tcp;
  tcp.route = {test::to("db", "v9")};
  vs.tcp = {tcp};
  return world.add(test::service("db", {"10.96.0.13"}, {{port_name, 443}}))
      .addEndpoint("db", "10.1.0.1", {}, 8443, port_name)
      .add(vs)
      .add(test::workload("web"));
}

TEST(Explain, ServerNamesChooseAndUnknownOnesArePassedOn) {
  ExplainRequest request{.from = "default/web", .host = "db"};
  request.protocol = CallProtocol::kTls;
  request.sni = "A.shop.example";
  const auto known = ask(connections("tls"), request);
  EXPECT_EQ(known.action, Action::kRoute);
  EXPECT_EQ(known.rule_list, "tls");
  request.sni = "elsewhere.example";
  const auto unknown = ask(connections("tls"), request);
  EXPECT_EQ(unknown.action, Action::kPassthrough);
  EXPECT_EQ(unknown.to, "10.96.0.13:443");
}

TEST(Explain, ConnectionToWhatDoesNotExistIsRefused) {
  ExplainRequest request{.from = "default/web", .host = "db"};
  request.protocol = CallProtocol::kTcp;
  const auto answer = ask(connections("tcp"), request);
  EXPECT_EQ(answer.action, Action::kRefused);
  EXPECT_EQ(answer.flag, "NC");
  EXPECT_EQ(answer.rule_list, "tcp");
}

World meshOf(Sidecar::OutboundMode mode) {
  auto world = headerRule();
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  world.snapshot.agent.outbound_traffic_policy = mode;
  return world;
}

TEST(Explain, WhereHostDecidesTheAddressDoesNot) {
  ExplainRequest request{.from = "default/web", .host = "198.51.100.7", .port = 80};
  request.authority = "product-api";
  const auto answer = ask(meshOf(Sidecar::OutboundMode::kAllowAny), request);
  EXPECT_EQ(answer.action, Action::kRoute);
  EXPECT_EQ(answer.service.host, "product-api.default.svc.cluster.local");
}

TEST(Explain, UnknownHostIsPassedOnOrAnswered502) {
  ExplainRequest request{.from = "default/web", .host = "product-api"};
  request.authority = "unknown.example";
  const auto any = ask(meshOf(Sidecar::OutboundMode::kAllowAny), request);
  EXPECT_EQ(any.action, Action::kPassthrough);
  EXPECT_EQ(any.to, "10.96.0.10:80");
  ASSERT_EQ(any.destinations.size(), 1u) << "the endpoints behind that address";
  EXPECT_EQ(any.destinations[0].endpoints.size(), 3u);
  const auto only = ask(meshOf(Sidecar::OutboundMode::kRegistryOnly), request);
  EXPECT_EQ(only.action, Action::kDirectResponse);
  EXPECT_EQ(only.status, 502);
  EXPECT_TRUE(only.destinations.empty());
}

TEST(Explain, RegistryOnlyRefusesNothingWhereNobodyLooks) {
  auto world = headerRule();
  world.snapshot.agent.outbound_traffic_policy = Sidecar::OutboundMode::kRegistryOnly;
  const ExplainRequest request{.from = "default/web", .host = "198.51.100.7", .port = 80};
  EXPECT_EQ(ask(world, request).action, Action::kPassthrough);
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  EXPECT_EQ(ask(world, request).action, Action::kDirectResponse);
}

TEST(Explain, ServiceThatTheClientMayNotSeeIsNoneToIt) {
  auto hidden = test::service("hidden", {"10.96.0.12"}, {{"tcp", 9000}});
  hidden.metadata.annotations["networking.istio.io/exportTo"] = "shop";
  ExplainRequest request{.from = "default/web", .host = "hidden"};
  EXPECT_EQ(ask(meshOf(Sidecar::OutboundMode::kAllowAny).add(hidden), request).action,
            Action::kPassthrough);
  EXPECT_EQ(ask(meshOf(Sidecar::OutboundMode::kRegistryOnly).add(hidden), request).action,
            Action::kRefused);
}

TEST(Explain, BytesThatAreNoHttpGoWhereTheyWereSent) {
  ExplainRequest request{.from = "default/web", .host = "product-api"};
  request.protocol = CallProtocol::kTcp;
  EXPECT_EQ(ask(meshOf(Sidecar::OutboundMode::kAllowAny), request).to, "10.96.0.10:80");
}

TEST(Explain, AddressesOfRangesMeetTheirService) {
  auto world = test::productApi();
  world.add(test::entry("db.example", "TCP", 5432, {"192.0.2.5"}));
  ExplainRequest request{.from = "default/web", .host = "198.51.100.9", .port = 5432};
  request.protocol = CallProtocol::kTcp;
  const auto answer = ask(world, request);
  EXPECT_EQ(answer.action, Action::kRoute);
  EXPECT_EQ(answer.destinations[0].cluster.host, "db.example");
  EXPECT_EQ(answer.path, Path::kConnect);
  request.port = 5433;
  EXPECT_EQ(ask(world, request).action, Action::kPassthrough);

  request.port = 5432;
  world.add(test::entry("net.example", "TCP", 5432, {"192.0.2.6"}, {"10.0.0.0/8"}));
  const auto shared = ask(world, request);
  EXPECT_EQ(shared.destinations[0].cluster.host, "db.example");
  EXPECT_EQ(shared.path, Path::kProxy) << "two services share the port";
  EXPECT_EQ(shared.reasons.front().code, "SLU4014");
}

}  // namespace
}  // namespace sluice::routing
