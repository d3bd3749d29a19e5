// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/resolve.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/builders.h"
#include "userspace/routing/names.h"
#include "userspace/routing/registry.h"

namespace sluice::routing {
namespace {

using test::meta;
using test::World;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kHost = "product-api.default.svc.cluster.local";

/// Gives product-api to subset `subset`.
VirtualService sendTo(Metadata metadata, const std::string& subset,
                      const std::string& host = "product-api.default.svc.cluster.local") {
  return test::virtualService(std::move(metadata), {host},
                              {test::route({test::to(kHost, subset)})});
}

VirtualService exported(VirtualService service, std::vector<std::string> to) {
  service.export_to = std::move(to);
  return service;
}

/// Routes of port 80 of product-api as `client` ("default/web") gets them.
std::shared_ptr<const ServiceRoute> routeOf(const World& world,
                                            const std::string& client = "default/web",
                                            uint16_t port = 80) {
  auto with_client = world;
  const auto slash = client.find('/');
  with_client.add(test::workload(client.substr(slash + 1), client.substr(0, slash),
                                 {{"app", client.substr(slash + 1)}}));
  const auto routing = resolve(with_client.snapshot);
  return routing.tables.at(routing.workload_class.at(client)).services.at({kHost, port});
}

std::string subsetOf(const std::shared_ptr<const ServiceRoute>& route) {
  return route->rules.front().destinations.front().key.subset;
}

std::vector<std::string> codes(const std::shared_ptr<const ServiceRoute>& route) {
  std::vector<std::string> list;
  for (const auto& reason : route->reasons) list.push_back(reason.code);
  return list;
}

std::vector<std::string> addresses(const std::shared_ptr<const Cluster>& cluster) {
  std::vector<std::string> list;
  for (const auto& endpoint : cluster->endpoints) list.push_back(endpoint.address.text());
  return list;
}

// --- names -------------------------------------------------------------------------------------

TEST(Names, OnlyNamesWithoutADotGetTheRulesNamespace) {
  EXPECT_EQ(fullHost("Catalog", "shop", "cluster.local"), "catalog.shop.svc.cluster.local");
  EXPECT_EQ(fullHost("catalog.shop", "x", "cluster.local"), "catalog.shop");
  EXPECT_EQ(fullHost("a.b.", "x", "cluster.local"), "a.b");
  EXPECT_EQ(fullHost("*", "x", "cluster.local"), "*");
  EXPECT_EQ(fullHost("fd00::1", "x", "cluster.local"), "fd00::1");
}

TEST(Names, WildcardsNeedSomethingInFront) {
  EXPECT_TRUE(hostMatches("*.foo.com", "a.foo.com"));
  EXPECT_FALSE(hostMatches("*.foo.com", "foo.com"));
  EXPECT_TRUE(hostMatches("*", "foo.com"));
  EXPECT_TRUE(moreSpecific("*.foo.com", "*.com"));
  EXPECT_TRUE(moreSpecific("a.com", "*.a.very.long.com"));
}

// --- which VirtualService ----------------------------------------------------------------------

TEST(Resolve, WithoutRulesTheServiceIsItsOwnDestination) {
  const auto route = routeOf(test::productApi());
  EXPECT_EQ(route->rules.front().index, -1);
  EXPECT_EQ(route->path, Path::kConnect);
  EXPECT_THAT(addresses(route->plain),
              ElementsAre("10.1.0.1:8080", "10.1.0.2:8080", "10.1.0.3:8080"));
}

TEST(Resolve, OldestOfOneHostWinsWhole) {
  auto world = test::productApi();
  world.add(sendTo(meta("young", "default", 5), "v2")).add(sendTo(meta("old", "third", 2), "v1"));
  EXPECT_EQ(routeOf(world)->virtual_service, "third/old");
}

TEST(Resolve, RuleWithoutAnAgeIsTheYoungest) {
  auto ageless = meta("a");
  ageless.creation_timestamp.reset();
  auto world = test::productApi();
  world.add(sendTo(ageless, "v2")).add(sendTo(meta("b", "default", 900), "v1"));
  EXPECT_EQ(routeOf(world)->virtual_service, "default/b");
}

TEST(Resolve, ExactHostBeatsOlderWildcard) {
  auto world = test::productApi();
  world.add(sendTo(meta("wild", "default", 1), "v2", "*.default.svc.cluster.local"))
      .add(sendTo(meta("exact", "default", 2), "v1"));
  EXPECT_EQ(routeOf(world)->virtual_service, "default/exact");
}

TEST(Resolve, PrivateBeatsOlderPublicOneForItsNamespaceAlone) {
  auto world = test::productApi();
  world.add(sendTo(meta("old", "default", 1), "v1"))
      .add(exported(sendTo(meta("mine", "shop", 2), "v2"), {"."}));
  EXPECT_EQ(routeOf(world, "shop/web")->virtual_service, "shop/mine");
  EXPECT_EQ(routeOf(world, "default/web")->virtual_service, "default/old");
}

TEST(Resolve, ExportedByNameBeatsOlderPublicOneAndPrivateBeatsIt) {
  auto world = test::productApi();
  world.add(sendTo(meta("old", "default", 1), "v1"))
      .add(exported(sendTo(meta("named", "other", 2), "v2"), {"shop"}));
  EXPECT_EQ(routeOf(world, "shop/web")->virtual_service, "other/named");
  world.add(exported(sendTo(meta("mine", "shop", 3), "v2"), {"."}));
  EXPECT_EQ(routeOf(world, "shop/web")->virtual_service, "shop/mine");
}

TEST(Resolve, GatewayRulesAreNotForTheMesh) {
  auto service = sendTo(meta("edge"), "v2");
  service.gateways = {"istio-system/ingress"};
  auto world = test::productApi();
  EXPECT_EQ(routeOf(world.add(service))->virtual_service, "");
}

// --- matches that are decided here -------------------------------------------------------------

VirtualService guarded(HttpMatchRequest match) {
  return test::virtualService(meta("vs"), {"product-api"},
                              {test::route({test::to("product-api", "v2")}, {std::move(match)}),
                               test::route({test::to("product-api", "v1")})});
}

TEST(Resolve, SourceLabelsAndNamespaceChooseRulesForAClient) {
  HttpMatchRequest match;
  match.source_labels = {{"app", "web"}};
  match.source_namespace = "default";
  auto world = test::productApi();
  world.add(guarded(match));
  EXPECT_EQ(subsetOf(routeOf(world, "default/web")), "v2");
  EXPECT_EQ(subsetOf(routeOf(world, "default/other")), "v1");
  EXPECT_EQ(subsetOf(routeOf(world, "shop/web")), "v1");
  EXPECT_EQ(routeOf(world, "shop/web")->skipped.front().index, 0);
}

TEST(Resolve, MatchThatNamesGatewaysDoesNotLookAtTheClient) {
  HttpMatchRequest match;
  match.source_labels = {{"app", "nobody"}};
  match.gateways = {"mesh"};
  auto world = test::productApi();
  EXPECT_EQ(subsetOf(routeOf(world.add(guarded(match)))), "v2");
  match.gateways = {"edge"};
  auto other = test::productApi();
  EXPECT_EQ(subsetOf(routeOf(other.add(guarded(match)))), "v1");
}

TEST(Resolve, PortOfAMatchIsTheCalledOne) {
  HttpMatchRequest match;
  match.port = 81;
  auto world = test::productApi();
  EXPECT_EQ(subsetOf(routeOf(world.add(guarded(match)))), "v1");
}

TEST(Resolve, WhenNoRuleIsLeftTheDefaultStays) {
  HttpMatchRequest match;
  match.port = 81;
  auto world = test::productApi();
  world.add(test::virtualService(meta("vs"), {"product-api"},
                                 {test::route({test::to("product-api", "v2")}, {match})}));
  const auto route = routeOf(world);
  EXPECT_EQ(route->rules.front().index, -1);
  EXPECT_EQ(route->virtual_service, "");
  EXPECT_EQ(route->path, Path::kConnect);
}

TEST(Resolve, RulesBehindACatchAllAreUnreachable) {
  HttpMatchRequest everything;
  everything.uri = test::prefix("/");
  auto world = test::productApi();
  world.add(test::virtualService(meta("vs"), {"product-api"},
                                 {test::route({test::to("product-api", "v1")}, {everything}),
                                  test::route({test::to("product-api", "v2")})}));
  const auto route = routeOf(world);
  ASSERT_EQ(route->rules.size(), 1u);
  EXPECT_TRUE(route->rules[0].matches.empty());
  ASSERT_EQ(route->skipped.size(), 1u);
  EXPECT_THAT(route->skipped[0].why, HasSubstr("matches everything"));
}

// --- client classes ----------------------------------------------------------------------------

TEST(Resolve, ClientsThatNoRuleDistinguishesAreClassZero) {
  auto world = test::productApi();
  world.add(test::workload("a", "x", {{"app", "a"}})).add(test::workload("b", "y"));
  const auto routing = resolve(world.snapshot);
  EXPECT_EQ(routing.tables.size(), 1u);
  EXPECT_EQ(routing.workload_class.at("x/a"), ClientClass{});
}

TEST(Resolve, NumberOfAClassDoesNotDependOnOthers) {
  HttpMatchRequest web, batch;
  web.source_labels = {{"app", "web"}};
  batch.source_labels = {{"app", "batch"}};
  auto one = test::productApi();
  one.add(guarded(web)).add(test::workload("web", "default", {{"app", "web"}}));
  auto two = one;
  two.add(guarded(batch)).add(test::workload("batch", "default", {{"app", "batch"}}));
  EXPECT_EQ(resolve(one.snapshot).workload_class.at("default/web"),
            resolve(two.snapshot).workload_class.at("default/web"));
}

TEST(Resolve, RoutesThatAreTheSameForAClassAreTheSameObject) {
  HttpMatchRequest web;
  web.source_labels = {{"app", "web"}};
  auto world = test::productApi();
  world.add(guarded(web))
      .add(test::service("other", {"10.96.0.11"}))
      .add(test::workload("web", "default", {{"app", "web"}}));
  const auto routing = resolve(world.snapshot);
  const auto& common = routing.tables.at({}).services;
  const auto& own = routing.tables.at(routing.workload_class.at("default/web")).services;
  const ServiceKey other{"other.default.svc.cluster.local", 80};
  EXPECT_EQ(common.at(other), own.at(other));
  EXPECT_NE(common.at({kHost, 80}), own.at({kHost, 80}));
}

TEST(Resolve, ServiceThatIsNotExportedIsLeftAlone) {
  auto hidden = test::service("hidden", {"10.96.0.12"});
  hidden.metadata.annotations["networking.istio.io/exportTo"] = "., shop";
  World world;
  world.add(hidden).add(test::workload("web")).add(test::workload("web", "shop"));
  const auto routing = resolve(world.snapshot);
  const ServiceKey key{"hidden.default.svc.cluster.local", 80};
  EXPECT_EQ(routing.tables.at({}).services.at(key)->path, Path::kPassthrough);
  for (const auto* client : {"default/web", "shop/web"})
    EXPECT_EQ(routing.tables.at(routing.workload_class.at(client)).services.at(key)->path,
              Path::kConnect);
}

TEST(ResolveFor, TakesPodsAsClientsAndRefusesStrangers) {
  HttpMatchRequest v1;
  v1.source_labels = {{"version", "v1"}};
  auto world = test::productApi();
  world.add(guarded(v1));
  const auto routing = resolveFor(world.snapshot, "default/product-api-10.1.0.1");
  ASSERT_TRUE(routing.ok());
  EXPECT_NE(routing->workload_class.at("default/product-api-10.1.0.1"), ClientClass{});
  EXPECT_FALSE(resolveFor(world.snapshot, "default/nobody").ok());
}

// --- destinations ------------------------------------------------------------------------------

TEST(Resolve, UnknownDestinationIsNullAndKeepsItsShare) {
  auto world = test::productApi();
  world.add(test::virtualService(
      meta("vs"), {"product-api"},
      {test::route({test::to("product-api", "v1", 60), test::to("product-api", "v9", 30),
                    test::to("nowhere", "", 10), test::to("product-api", "v2", 0)})}));
  const auto route = routeOf(world);
  const auto& destinations = route->rules.front().destinations;
  ASSERT_EQ(destinations.size(), 3u);
  EXPECT_NE(destinations[0].cluster, nullptr);
  EXPECT_EQ(destinations[1].cluster, nullptr);
  EXPECT_EQ(destinations[2].cluster, nullptr);
  EXPECT_EQ(destinations[1].weight, 30u);
}

TEST(Resolve, OmittedPortIsTheCalledOneElseTheOnlyOne) {
  auto world = test::productApi();
  world.add(test::service("other", {"10.96.0.11"}, {{"http", 9090}}))
      .add(test::service("both", {"10.96.0.12"}, {{"http", 80}, {"http-b", 81}}))
      .add(test::service("neither", {"10.96.0.13"}, {{"http", 82}, {"http-b", 83}}))
      .add(test::virtualService(meta("vs"), {"product-api"},
                                {test::route({test::to("other", "", 1), test::to("both", "", 1),
                                              test::to("neither", "", 1)})}));
  const auto route = routeOf(world);
  const auto& destinations = route->rules.front().destinations;
  EXPECT_EQ(destinations[0].key.port, 9090);
  EXPECT_EQ(destinations[1].key.port, 80);
  EXPECT_EQ(destinations[2].cluster, nullptr);
}

TEST(Resolve, SubsetsChooseByThePodsLabels) {
  auto world = test::productApi();
  const auto route = routeOf(world.add(sendTo(meta("vs"), "v1")));
  EXPECT_THAT(addresses(route->rules.front().destinations.front().cluster),
              ElementsAre("10.1.0.1:8080", "10.1.0.2:8080"));
}

// --- DestinationRules --------------------------------------------------------------------------

TEST(Resolve, RulesOfOneHostAreMergedOldestFirst) {
  World world;
  auto old = test::versions(meta("old", "default", 1), "product-api", {"v1"});
  auto young = test::versions(meta("young", "default", 2), "product-api", {"v1", "v2"});
  young.subsets[0].labels["version"] = "other";
  old.traffic_policy = TrafficPolicy{};
  old.traffic_policy->load_balancer = LoadBalancerSettings{LoadBalancerSettings::Simple::kRandom};
  young.traffic_policy = TrafficPolicy{};
  young.traffic_policy->load_balancer =
      LoadBalancerSettings{LoadBalancerSettings::Simple::kRoundRobin};
  world.add(test::service("product-api", {"10.96.0.10"}))
      .add(young)
      .add(old)
      .add(test::virtualService(
          meta("vs"), {"product-api"},
          {test::route({test::to("product-api", "v1", 1), test::to("product-api", "v2", 1)})}));
  const auto route = routeOf(world);
  const auto& destinations = route->rules.front().destinations;
  EXPECT_EQ(destinations[0].cluster->definition, "version=v1");
  EXPECT_EQ(destinations[0].cluster->destination_rule, "default/old");
  EXPECT_EQ(destinations[0].cluster->policy, BalancePolicy::kRandom);
  ASSERT_NE(destinations[1].cluster, nullptr);
}

TEST(Resolve, ClientsNamespaceIsAskedBeforeTheServicesAndOthersNever) {
  auto world = test::productApi();
  world.add(test::versions(meta("mine", "shop", 9), "*.svc.cluster.local", {"v7"}))
      .add(sendTo(meta("vs"), "v1"));
  EXPECT_EQ(routeOf(world, "shop/web")->rules[0].destinations[0].cluster, nullptr);
  EXPECT_NE(routeOf(world, "third/web")->rules[0].destinations[0].cluster, nullptr);
}

TEST(Resolve, RootNamespaceIsAskedLast) {
  World world;
  world.add(test::service("product-api", {"10.96.0.10"}))
      .add(test::versions(meta("root", "istio-system"), "*.svc.cluster.local"))
      .add(sendTo(meta("vs"), "v1"));
  EXPECT_EQ(routeOf(world)->rules[0].destinations[0].cluster->destination_rule,
            "istio-system/root");
}

TEST(Resolve, BalancerOfASubsetReplacesTheRules) {
  auto rule = test::versions(meta("dr"), "product-api");
  rule.traffic_policy = TrafficPolicy{};
  rule.traffic_policy->load_balancer =
      LoadBalancerSettings{LoadBalancerSettings::Simple::kRoundRobin};
  rule.subsets[1].traffic_policy = TrafficPolicy{};
  rule.subsets[1].traffic_policy->load_balancer =
      LoadBalancerSettings{LoadBalancerSettings::Simple::kRandom};
  World world;
  world.add(test::service("product-api", {"10.96.0.10"}))
      .add(rule)
      .add(test::virtualService(
          meta("vs"), {"product-api"},
          {test::route({test::to("product-api", "v1", 1), test::to("product-api", "v2", 1)})}));
  const auto route = routeOf(world);
  EXPECT_EQ(route->rules[0].destinations[0].cluster->policy, BalancePolicy::kRoundRobin);
  EXPECT_EQ(route->rules[0].destinations[1].cluster->policy, BalancePolicy::kRandom);
  EXPECT_EQ(route->plain->policy, BalancePolicy::kRoundRobin);
}

// --- paths -------------------------------------------------------------------------------------

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
  service.http[1].fault->abort = Abort{503, {1'000'000}};
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
  service.http[0].fault->delay = Delay{std::chrono::seconds(5), {0}};
  auto world = test::productApi();
  EXPECT_EQ(routeOf(world.add(service))->path, Path::kConnect);
}

TEST(Path, HttpRulesDoNotApplyToOtherProtocols) {
  for (const auto& [name, code] : {std::pair("tcp-db", "SLU4007"), std::pair("", "SLU4006")}) {
    World world;
    world.add(test::service("product-api", {"10.96.0.10"}, {{name, 80}}))
        .add(test::versions(meta("dr"), "product-api"))
        .add(sendTo(meta("vs"), "v1"));
    const auto route = routeOf(world);
    EXPECT_EQ(route->rules.front().index, -1);
    EXPECT_EQ(route->path, Path::kConnect);
    EXPECT_THAT(codes(route), ElementsAre(code));
  }
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

// --- registry ----------------------------------------------------------------------------------

TEST(Registry, ProtocolComesFromAppProtocolThenTheName) {
  const auto protocol = [](std::string name, std::string app = "", uint16_t number = 80) {
    return protocolOf({std::move(name), number, "", "TCP", std::move(app)});
  };
  EXPECT_EQ(protocol("http-web"), Protocol::kHttp);
  EXPECT_EQ(protocol("http", "tcp"), Protocol::kTcp);
  EXPECT_EQ(protocol("tcp", "kubernetes.io/h2c"), Protocol::kHttp2);
  EXPECT_EQ(protocol("grpc-web-x"), Protocol::kHttp);
  EXPECT_EQ(protocol("GRPC"), Protocol::kGrpc);
  EXPECT_EQ(protocol("https"), Protocol::kTls);
  EXPECT_EQ(protocol("x", "", 3306), Protocol::kTcp);
  EXPECT_EQ(protocol("x"), Protocol::kUnknown);
}

TEST(Registry, OnlyReadyEndpointsOfKnownPodsAndEachOnce) {
  auto world = test::productApi();
  world.addEndpoint("product-api", "10.1.0.1", {{"version", "v1"}});  // in a second slice
  EndpointSlice slice = *world.snapshot.endpoint_slices.front();
  auto& endpoint = slice.endpoints.front();
  endpoint.addresses = {"10.1.0.7"};
  endpoint.ready = false;
  auto unknown = slice;
  unknown.endpoints.front().ready = true;
  unknown.endpoints.front().target_name = "not-yet-seen";
  auto other_port = *world.snapshot.endpoint_slices.front();
  other_port.ports.front().name = "metrics";
  other_port.endpoints.front().addresses = {"10.1.0.8"};
  world.add(slice).add(unknown).add(other_port);
  EXPECT_THAT(addresses(routeOf(world)->plain),
              ElementsAre("10.1.0.1:8080", "10.1.0.2:8080", "10.1.0.3:8080"));
}

TEST(Registry, HeadlessAndExternalServicesAreInNoTable) {
  World world;
  auto external = test::service("external", {"10.96.0.20"});
  external.type = "ExternalName";
  world.add(test::service("headless", {"None"})).add(external);
  EXPECT_TRUE(resolve(world.snapshot).tables.at({}).services.empty());
}

}  // namespace
}  // namespace sluice::routing
