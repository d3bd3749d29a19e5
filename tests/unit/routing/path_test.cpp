// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/path.h"

#include <gmock/gmock.h>

#include <functional>

#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::codes;
using test::guarded;
using test::meta;
using test::routeOf;
using test::sendTo;
using test::World;
using testing::ElementsAre;

TEST(Path, OneDestinationIsConnectAndSeveralAreSplitPerRequest) {
  auto world = test::productApi();
  EXPECT_EQ(routeOf(world.add(sendTo(meta("vs"), "v1")))->path, Path::kConnect);
  auto service = test::virtualService(
      meta("vs"), {"product-api"},
      {test::route({test::to("product-api", "v1", 90), test::to("product-api", "v2", 10)})});
  auto split = test::productApi();
  EXPECT_THAT(codes(routeOf(split.add(service))), ElementsAre("SLU4002"));
  service.metadata.annotations["sluice.io/split"] = "connection";
  auto annotated = test::productApi();
  EXPECT_EQ(routeOf(annotated.add(service))->path, Path::kConnect);
}

TEST(Path, EveryCauseIsAReasonWithItsField) {
  auto service = guarded(test::header("user-group", test::exact("beta")));
  service.http[1].timeout = std::chrono::seconds(1);
  service.http[1].fault = HttpFaultInjection{};
  service.http[1].fault->abort = Abort{503, "", "", {1'000'000}};
  auto world = test::productApi();
  const auto route = routeOf(world.add(service));
  EXPECT_EQ(route->path, Path::kProxy);
  EXPECT_THAT(codes(route), ElementsAre("SLU4001", "SLU4003", "SLU4004"));
  EXPECT_EQ(route->reasons[0].field, "spec.http[0].match");
  EXPECT_EQ(route->reasons[2].field, "spec.http[1].timeout");
}

TEST(Path, FaultOfNoRequestIsNone) {
  auto service = sendTo(meta("vs"), "v1");
  service.http[0].fault = HttpFaultInjection{};
  service.http[0].fault->delay = Delay{std::chrono::seconds(5), {}, {0}};
  auto world = test::productApi();
  EXPECT_EQ(routeOf(world.add(service))->path, Path::kConnect);
}

TEST(Path, PassthroughBalancerKeepsTheAddress) {
  auto rule = test::versions(meta("dr"), "product-api");
  rule.traffic_policy = TrafficPolicy{};
  rule.traffic_policy->load_balancer.emplace().simple = LoadBalancerSettings::Simple::kPassthrough;
  World world;
  world.add(test::service("product-api", {"10.96.0.10"})).add(rule);
  const auto route = routeOf(world);
  EXPECT_EQ(route->path, Path::kPassthrough);
  EXPECT_THAT(codes(route), ElementsAre("SLU4009"));
}

World named(const std::string& port_name) {
  World world;
  world.add(test::service("product-api", {"10.96.0.10"}, {{port_name, 80}}))
      .add(test::versions(meta("dr"), "product-api"));
  return world;
}

TEST(Path, HttpRulesDoNotApplyToPortsOfOtherProtocols) {
  const auto route = routeOf(named("tcp-db").add(sendTo(meta("vs"), "v1")));
  EXPECT_EQ(route->rules->front().index, -1);
  EXPECT_EQ(route->path, Path::kConnect);
  EXPECT_THAT(codes(route), ElementsAre("SLU4007"));
}

TEST(Path, PortOfUndeclaredProtocolIsLookedAtWhenARuleIsAboutIt) {
  const auto route = routeOf(named("").add(sendTo(meta("vs"), "v1")));
  EXPECT_EQ(route->rules->front().index, 0);
  EXPECT_EQ(route->path, Path::kProxy);
  EXPECT_THAT(codes(route), ElementsAre("SLU4012"));
  EXPECT_EQ(routeOf(named(""))->path, Path::kConnect);
}

TEST(Path, EveryActionOfARuleNeedsTheProxy) {
  const auto codeOf = [](const std::function<void(HttpRoute&)>& change) {
    auto service = sendTo(meta("vs"), "v1");
    change(service.http[0]);
    auto world = test::productApi();
    return codes(routeOf(world.add(service)));
  };
  EXPECT_THAT(codeOf([](auto& r) { r.redirect.emplace().uri = "/x"; }), ElementsAre("SLU4015"));
  EXPECT_THAT(codeOf([](auto& r) { r.direct_response.emplace().status = 200; }),
              ElementsAre("SLU4016"));
  EXPECT_THAT(codeOf([](auto& r) { r.rewrite.emplace().uri = "/x"; }), ElementsAre("SLU4017"));
  EXPECT_THAT(codeOf([](auto& r) { r.headers.edit().request.set["x"] = "1"; }),
              ElementsAre("SLU4018"));
  EXPECT_THAT(codeOf([](auto& r) { r.route[0].headers.edit().response.remove = {"x"}; }),
              ElementsAre("SLU4018"));
  EXPECT_THAT(codeOf([](auto& r) { r.mirror.emplace().host = "product-api"; }),
              ElementsAre("SLU4019"));
  EXPECT_THAT(codeOf([](auto& r) { r.retries.emplace().attempts = 1; }), ElementsAre("SLU4020"));
  EXPECT_THAT(codeOf([](auto& r) { r.retries.emplace().attempts = 0; }), ElementsAre());
  EXPECT_THAT(codeOf([](auto& r) { r.cors_policy.emplace(); }), ElementsAre("SLU4021"));
}

TEST(Path, RetriesOfTheMeshNeedTheProxyWhereARuleSaysNothing) {
  const auto codesWith = [](int attempts, std::optional<HttpRetry> of_rule) {
    auto service = sendTo(meta("vs"), "v1");
    service.http[0].retries = std::move(of_rule);
    auto world = test::productApi();
    world.snapshot.agent.default_http_retry_policy.emplace().attempts = attempts;
    return codes(routeOf(world.add(service)));
  };
  EXPECT_THAT(codesWith(1, {}), ElementsAre("SLU4020"));
  EXPECT_THAT(codesWith(1, HttpRetry{}), ElementsAre());
  EXPECT_THAT(codesWith(0, {}), ElementsAre());
}

TEST(Path, WhatAddsHeadersIsTheProxy) {
  const auto codesOf = [](test::World world) {
    world.snapshot.agent.add_request_id = true;
    return codes(routeOf(world));
  };
  EXPECT_THAT(codesOf(test::productApi()), ElementsAre("SLU4029"));
  EXPECT_THAT(codesOf(named("tcp")), ElementsAre());
  EXPECT_THAT(codesOf(test::whereHostDecides()), ElementsAre("SLU4011"));
}

TEST(Path, WhereHostDecidesEveryDeclaredHttpPortIsProxied) {
  auto world = test::productApi();
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  EXPECT_THAT(codes(routeOf(world)), ElementsAre("SLU4011"));
  auto tcp = named("tcp");
  tcp.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  EXPECT_EQ(routeOf(tcp)->path, Path::kConnect);
}

TEST(Path, ServicesWithoutRulesAreLeftAloneWhenOnlyRuledOnesAreSteered) {
  World world;
  world.snapshot.agent.steer = AgentSettings::Steer::kRuled;
  world.add(test::service("product-api", {"10.96.0.10"}));
  EXPECT_EQ(routeOf(world)->path, Path::kPassthrough);
  EXPECT_THAT(codes(routeOf(world)), ElementsAre("SLU4022"));
  world.add(test::versions(meta("dr"), "product-api"));
  EXPECT_EQ(routeOf(world)->path, Path::kConnect);
}

/// Whatever a rule says, and wherever it stands: a service that one names is steered.
TEST(Path, WhatIsRuledIsSteeredWhenOnlyRuledServicesAre) {
  const auto ruled = [] {
    World world;
    world.snapshot.agent.steer = AgentSettings::Steer::kRuled;
    return world.add(test::service("product-api", {"10.96.0.10"}, {{"http", 80}, {"tcp", 90}}));
  };
  EXPECT_EQ(routeOf(ruled().add(sendTo(meta("vs"), "v1")))->path, Path::kConnect);
  const auto other_port = routeOf(ruled().add(sendTo(meta("vs"), "v1")), "default/web", 90);
  EXPECT_EQ(other_port->path, Path::kConnect) << "its rules are for ports of another protocol";
  auto not_for_web = sendTo(meta("vs"), "v1");
  not_for_web.http[0].match.emplace_back().source_labels = {{"app", "batch"}};
  EXPECT_EQ(routeOf(ruled().add(not_for_web))->path, Path::kConnect);

  World entries;
  entries.snapshot.agent.steer = AgentSettings::Steer::kRuled;
  entries.add(test::entry("db.example", "TCP", 90, {"192.0.2.1"}, {"10.97.0.1"}));
  const auto resolved = resolve(entries.snapshot);
  EXPECT_EQ(resolved.tables.at({}).services.at({"db.example", 90})->path, Path::kConnect);
}

/// Not even because its port is one where Host decides.
TEST(Path, WhatIsNotRuledIsLeftAloneInEveryMode) {
  World world;
  world.snapshot.agent.steer = AgentSettings::Steer::kRuled;
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  world.add(test::service("product-api", {"10.96.0.10"}));
  EXPECT_EQ(routeOf(world)->path, Path::kPassthrough);
  EXPECT_THAT(codes(routeOf(world)), ElementsAre("SLU4022"));
}

TEST(Path, RuleWithoutADestinationNeedsTheProxyThatSaysSo) {
  auto world = test::productApi();
  const auto route =
      routeOf(world.add(test::virtualService(meta("vs"), {"product-api"}, {test::route({})})));
  EXPECT_EQ(route->path, Path::kProxy);
  EXPECT_THAT(codes(route), ElementsAre("SLU4010"));
}

TEST(Path, PoliciesThatLookAtRequestsNeedTheProxy) {
  auto rule = test::versions(meta("dr"), "product-api");
  rule.traffic_policy.emplace().outlier_detection.emplace();
  rule.traffic_policy->connection_pool.emplace().http.emplace().http1_max_pending_requests = 1;
  World world;
  world.add(test::service("product-api", {"10.96.0.10"})).add(rule);
  EXPECT_THAT(codes(routeOf(world)), ElementsAre("SLU4023", "SLU4024"));
  EXPECT_THAT(routeOf(world)->reasons[0].field, testing::HasSubstr("DestinationRule/default/dr"));
}

TEST(Path, LimitsOfConnectionsNeedTheProxyOnEveryPort) {
  const auto codes_of = [](const auto& limit, const std::string& port_name) {
    auto rule = test::versions(meta("dr"), "product-api");
    limit(rule.traffic_policy.emplace());
    World world;
    world.add(test::service("product-api", {"10.96.0.10"}, {{port_name, 80}})).add(rule);
    return codes(routeOf(world));
  };
  const auto tcp = [](auto set) {
    return [set](TrafficPolicy& policy) { set(policy.connection_pool.emplace().tcp.emplace()); };
  };
  const auto connections = tcp([](TcpSettings& t) { t.max_connections = 1; });
  const auto idle = tcp([](TcpSettings& t) { t.idle_timeout = std::chrono::seconds(9); });
  const auto patience = tcp([](TcpSettings& t) { t.connect_timeout = std::chrono::seconds(9); });
  const auto outliers = [](TrafficPolicy& policy) { policy.outlier_detection.emplace(); };
  EXPECT_THAT(codes_of(connections, "tcp"), ElementsAre("SLU4023"));
  EXPECT_THAT(codes_of(connections, "http"), ElementsAre("SLU4023"));
  EXPECT_THAT(codes_of(idle, "tcp"), ElementsAre("SLU4023"));
  EXPECT_THAT(codes_of(idle, "http"), ElementsAre());
  EXPECT_THAT(codes_of(patience, "tcp"), ElementsAre());
  EXPECT_THAT(codes_of(outliers, "http"), ElementsAre("SLU4024"));
  EXPECT_THAT(codes_of(outliers, "undeclared"), ElementsAre("SLU4024"));
  EXPECT_THAT(codes_of(outliers, "tcp"), ElementsAre()) << "the kernel counts connections";
}

TEST(Path, WhatTheClientDoesNotSendItselfNeedsTheProxy) {
  const auto codes_of = [](const std::function<void(TrafficPolicy&)>& set,
                           const std::string& port_name = "http") {
    auto rule = test::versions(meta("dr"), "product-api");
    set(rule.traffic_policy.emplace());
    World world;
    world.add(test::service("product-api", {"10.96.0.10"}, {{port_name, 80}})).add(rule);
    return codes(routeOf(world));
  };
  using Mode = ClientTlsSettings::Mode;
  const auto tls = [](Mode mode) {
    return [mode](TrafficPolicy& policy) { policy.tls.emplace().mode = mode; };
  };
  EXPECT_THAT(codes_of(tls(Mode::kSimple), "tcp"), ElementsAre("SLU4025"));
  EXPECT_THAT(codes_of(tls(Mode::kMutual)), ElementsAre("SLU4025"));
  EXPECT_THAT(codes_of(tls(Mode::kIstioMutual)), ElementsAre());
  EXPECT_THAT(codes_of(tls(Mode::kDisable)), ElementsAre());
  EXPECT_THAT(codes_of([](auto& policy) { policy.tunnel.emplace(); }, "tcp"),
              ElementsAre("SLU4027"));
  EXPECT_THAT(codes_of([](auto& policy) { policy.proxy_protocol.emplace(); }),
              ElementsAre("SLU4027"));
}

TEST(Path, HashesOfRequestsNeedTheProxyAndThoseOfClientsDoNot) {
  const auto codes_of = [](const std::function<void(ConsistentHash&)>& set) {
    auto rule = test::versions(meta("dr"), "product-api");
    set(rule.traffic_policy.emplace().load_balancer.emplace().consistent_hash.emplace());
    World world;
    world.add(test::service("product-api", {"10.96.0.10"})).add(rule);
    return codes(routeOf(world));
  };
  EXPECT_THAT(codes_of([](auto& hash) { hash.http_header_name = "x-user"; }),
              ElementsAre("SLU4026"));
  EXPECT_THAT(codes_of([](auto& hash) { hash.http_cookie.emplace(); }), ElementsAre("SLU4026"));
  EXPECT_THAT(codes_of([](auto& hash) { hash.use_source_ip = true; }), ElementsAre());
}

TEST(Path, ConnectOnlyToEndpointsOfTheCalledFamily) {
  World world;
  world.add(test::service("product-api", {"10.96.0.10", "fd00::10"}))
      .addEndpoint("product-api", "10.1.0.1", {});
  const auto route = routeOf(world);
  EXPECT_EQ(route->pathFor(Family::kV4), Path::kConnect);
  EXPECT_EQ(route->pathFor(Family::kV6), Path::kProxy);
  EXPECT_THAT(codes(route), ElementsAre("SLU4005"));
}

using Drain = AgentSettings::Drain;

VirtualService drained(const std::string& how) {
  auto service = sendTo(meta("vs"), "v1");
  service.metadata.annotations["sluice.io/drain"] = how;
  return service;
}

TEST(Drain, IsTheAgentsForHttpPortsUnlessTheRuleSaysOtherwise) {
  auto world = test::productApi();
  EXPECT_EQ(routeOf(world)->drain, Drain::kIdle);
  world.snapshot.agent.drain = Drain::kNow;
  EXPECT_EQ(routeOf(world)->drain, Drain::kNow);
  for (const auto& [how, expected] :
       {std::pair{"off", Drain::kOff}, {"idle", Drain::kIdle}, {"now", Drain::kNow}}) {
    auto ruled = test::productApi();
    EXPECT_EQ(routeOf(ruled.add(drained(how)))->drain, expected) << how;
  }
}

TEST(Drain, OfTcpPortsIsOnlyWhatTheRuleSays) {
  const auto routed = [](VirtualService service) {
    World world;
    world.add(test::service("product-api", {"10.96.0.10"}, {{"tcp", 80}}))
        .addEndpoint("product-api", "10.1.0.1", {});
    service.http.clear();
    service.tcp = {{{}, {test::to("product-api")}}};
    return routeOf(world.add(service));
  };
  EXPECT_EQ(routed(sendTo(meta("vs"), "v1"))->drain, Drain::kOff);
  EXPECT_EQ(routed(drained("idle"))->drain, Drain::kIdle);
}

TEST(Drain, RebalancingIsAskedForByTheRule) {
  auto service = sendTo(meta("vs"), "v1");
  auto world = test::productApi();
  EXPECT_FALSE(routeOf(world.add(service))->rebalance);
  service.metadata.annotations["sluice.io/rebalance"] = "drain";
  auto annotated = test::productApi();
  EXPECT_TRUE(routeOf(annotated.add(service))->rebalance);
}

}  // namespace
}  // namespace sluice::routing
