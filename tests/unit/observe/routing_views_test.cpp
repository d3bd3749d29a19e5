// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/routing_views.h"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

using namespace std::chrono_literals;
using routing::Cluster;
using routing::Rule;
using routing::ServiceRoute;

ServiceRoute route(int percent_v1) {
  auto cluster = std::make_shared<Cluster>();
  cluster->key = {"a.default.svc.cluster.local", 80, "v1"};
  cluster->endpoints.push_back({{*IpAddress::parse("10.0.0.1"), 8080}, "default/a-1"});
  ServiceRoute route;
  route.service = {"a.default.svc.cluster.local", 80};
  route.service_namespace = "default";
  route.service_name = "a";
  route.vips.push_back(*IpAddress::parse("10.96.0.1"));
  Rule rule;
  rule.destinations.push_back({cluster->key, static_cast<uint32_t>(percent_v1), cluster});
  rule.destinations.push_back({{"a.default.svc.cluster.local", 80, "v2"},
                               static_cast<uint32_t>(100 - percent_v1),
                               nullptr});
  route.rules.edit().push_back(std::move(rule));
  return route;
}

routing::Routing shared(ClientClass second) {
  const auto one = std::make_shared<const ServiceRoute>(route(90));
  routing::Routing routing;
  auto& everybody = routing.tables[ClientClass{}].services;
  everybody.common().set(one->service, one);
  routing.tables[second].services = everybody;
  routing.workload_class["default/web"] = second;
  return routing;
}

TEST(RoutingViews, RuleThatAClassSharesWithEverybodyIsListedOnce) {
  auto routing = shared(ClientClass{1});
  EXPECT_EQ(routeItems(routing).size(), 1u);
  const auto own = std::make_shared<const ServiceRoute>(route(10));
  routing.tables[ClientClass{1}].services.own().set(own->service, own);
  const auto items = routeItems(routing);
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0]["clients"], Json::array());
  EXPECT_EQ(items[1]["clients"], Json::array({"default/web"}));
}

TEST(RoutingViews, SharesAndMissingDestinationsAreShown) {
  const auto destinations = routeItems(shared(ClientClass{1}))[0]["destinations"];
  EXPECT_DOUBLE_EQ(destinations[0]["share"].get<double>(), 0.9);
  EXPECT_EQ(destinations[0]["endpoints"], 1);
  EXPECT_EQ(destinations[1]["exists"], false);
}

TEST(RoutingViews, EndpointsNameTheirPodAndSubset) {
  const auto items = endpointItems(shared(ClientClass{1}));
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0]["address"], "10.0.0.1:8080");
  EXPECT_EQ(items[0]["pod"], "default/a-1");
  EXPECT_EQ(items[0]["subset"], "v1");
}

TEST(RoutingViews, EjectedEndpointsAreShown) {
  const auto routing = shared(ClientClass{1});
  EXPECT_EQ(endpointItems(routing)[0]["state"], "ready");
  Outliers outliers;
  outliers["outbound|80|v1|a.default.svc.cluster.local"].ejected = {
      {*IpAddress::parse("10.0.0.1"), 8080}};
  EXPECT_EQ(endpointItems(routing, outliers)[0]["state"], "ejected");
}

TEST(RoutingViews, ConditionsAreASentence) {
  routing::RequestMatch both, other;
  both.method = StringMatch{StringMatch::Kind::kExact, "GET"};
  both.headers["user-group"] = {StringMatch::Kind::kPresent, ""};
  other.uri = StringMatch{StringMatch::Kind::kPrefix, "/api"};
  EXPECT_EQ(matchText({both, other}),
            "method exact GET and headers[user-group] present or uri prefix /api");
  EXPECT_EQ(matchText({}), "*");
}

TEST(RoutingViews, FaultsShowPercentAsWritten) {
  HttpFaultInjection fault;
  fault.delay = Delay{5s, std::nullopt, Percent{500'000}};
  EXPECT_EQ(faultView(fault), (Json{{"delay", {{"fixedDelay", "5s"}, {"percent", 50.0}}}}));
}

TEST(JsonText, BytesThatAreNoUtf8DoNotThrow) {
  EXPECT_EQ(toText(Json("a\xff")), "\"a\xef\xbf\xbd\"");
  EXPECT_FALSE(parseJson("{", "the answer").ok());
}

}  // namespace
}  // namespace sluice::observe
