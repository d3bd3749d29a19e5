// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/clusters.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/mesh_fixture.h"
#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

using Simple = LoadBalancerSettings::Simple;
using test::kStock;
using test::Mesh;
using testing::ElementsAre;
using testing::IsEmpty;

DestinationRule stockRule(std::vector<Subset> subsets) {
  auto rule = test::rule("stock", "shop", "stock");
  rule.subsets = std::move(subsets);
  return rule;
}

DestinationRule withBalancer(Simple simple) {
  auto rule = stockRule({});
  rule.traffic_policy.emplace();
  rule.traffic_policy->load_balancer.emplace();
  rule.traffic_policy->load_balancer->simple = simple;
  return rule;
}

std::vector<std::string> pods(const Cluster& cluster) {
  std::vector<std::string> list;
  for (const auto& endpoint : cluster.endpoints) list.push_back(endpoint.pod);
  return list;
}

std::shared_ptr<const Cluster> stockSubset(const Mesh& mesh, const std::string& subset) {
  return mesh.cluster({kStock, 80, subset}, test::web(mesh));
}

TEST(Clusters, HaveTheReadyEndpointsOfTheirService) {
  const auto cluster = stockSubset(test::stock(), "");
  EXPECT_THAT(pods(*cluster), ElementsAre("shop/stock-b", "shop/stock-c", "shop/stock-d"));
  EXPECT_EQ(cluster->endpoints[0].address.text(), "10.1.10.2:8080");
  EXPECT_EQ(cluster->endpoints[0].locality, "eu/b");
  EXPECT_EQ(cluster->variant, "");
}

TEST(Clusters, SubsetsFilterByAllTheirLabelsThoseOfThePlaceIncluded) {
  auto mesh = test::stock();
  mesh.add(stockRule({{"zone", {{kZoneLabel, "b"}}, {}},
                      {"node", {{kHostnameLabel, "node-c"}, {"version", "v1"}}, {}},
                      {"none", {{"version", "v7"}}, {}},
                      {"all", {}, {}}}));
  EXPECT_THAT(pods(*stockSubset(mesh, "zone")), ElementsAre("shop/stock-b"));
  EXPECT_THAT(pods(*stockSubset(mesh, "node")), ElementsAre("shop/stock-c"));
  EXPECT_THAT(pods(*stockSubset(mesh, "none")), IsEmpty());
  EXPECT_EQ(stockSubset(mesh, "all")->endpoints.size(), 3U);
  EXPECT_EQ(stockSubset(mesh, "zone")->definition, "topology.kubernetes.io/zone=b");
  EXPECT_EQ(stockSubset(mesh, "undefined"), nullptr);
}

TEST(Clusters, ExistOnlyWhereTheServiceAndItsPortDo) {
  const auto mesh = test::stock();
  EXPECT_EQ(mesh.cluster({kStock, 81, ""}, test::web(mesh)), nullptr);
  EXPECT_EQ(mesh.cluster({"nowhere", 80, ""}, test::web(mesh)), nullptr);
}

TEST(Clusters, BalancersAreThoseOfTheRule) {
  const auto with = [](Simple simple) {
    auto mesh = test::stock();
    mesh.add(withBalancer(simple));
    return stockSubset(mesh, "");
  };
  EXPECT_EQ(stockSubset(test::stock(), "")->policy, BalancePolicy::kLeastRequest);
  EXPECT_EQ(with(Simple::kUnspecified)->policy, BalancePolicy::kLeastRequest);
  EXPECT_EQ(with(Simple::kRandom)->policy, BalancePolicy::kRandom);
  EXPECT_EQ(with(Simple::kRoundRobin)->policy, BalancePolicy::kRoundRobin);
  EXPECT_FALSE(with(Simple::kRandom)->passthrough);
  EXPECT_TRUE(with(Simple::kPassthrough)->passthrough);
  EXPECT_EQ(with(Simple::kRandom)->settings->load_balancer->from,
            "DestinationRule/shop/stock spec.trafficPolicy.loadBalancer");
}

TEST(Clusters, ClientsStayWithAnEndpointWhereTheServiceOrTheRuleSaysSo) {
  const auto policyOf = [](const std::string& affinity, bool by_source, bool by_header) {
    auto mesh = test::stock();
    auto service = *mesh.snapshot.services.front();
    service.session_affinity = affinity;
    mesh.snapshot.services.edit().front() = std::make_shared<const Service>(service);
    if (by_source || by_header) {
      auto rule = withBalancer(Simple::kUnspecified);
      auto& hash = rule.traffic_policy->load_balancer->consistent_hash.emplace();
      hash.use_source_ip = by_source;
      if (by_header) hash.http_header_name = "x-user";
      mesh.add(rule);
    }
    return stockSubset(mesh, "")->policy;
  };
  EXPECT_EQ(policyOf("None", false, false), BalancePolicy::kLeastRequest);
  EXPECT_EQ(policyOf("ClientIP", false, false), BalancePolicy::kClient);
  EXPECT_EQ(policyOf("None", true, false), BalancePolicy::kClient);
  EXPECT_EQ(policyOf("ClientIP", false, true), BalancePolicy::kRequest)
      << "a DestinationRule's balancer stands before the service's affinity";
}

TEST(Clusters, HeadlessServicesAndResolutionNoneKeepTheAddress) {
  Mesh mesh;
  ServiceEntry none;
  none.metadata = test::meta("none", "shop");
  none.hosts = {"none.example"};
  none.ports = {{80, "HTTP", "http", 8000}};
  mesh.add(none).add(test::serviceIn("shop", "stock", "None"));
  const auto cluster = mesh.cluster({"none.example", 80, ""}, {});
  EXPECT_TRUE(cluster->passthrough);
  EXPECT_EQ(cluster->original_port, 8000);
  EXPECT_TRUE(mesh.cluster({kStock, 80, ""}, {})->passthrough);
}

ServiceEntry dnsEntry(ServiceEntry::Resolution resolution) {
  ServiceEntry entry;
  entry.metadata = test::meta("dns", "shop");
  entry.hosts = {"api.example"};
  entry.ports = {{80, "HTTP", "http", std::nullopt}};
  entry.resolution = resolution;
  entry.endpoints = {{"b.example", {}, {{"v", "2"}}, "", "eu/a", 3, ""},
                     {"a.example", {}, {{"v", "1"}}, "", "", 0, ""}};
  return entry;
}

TEST(Clusters, NamesWithoutAddressesAreListed) {
  Mesh mesh;
  mesh.add(dnsEntry(ServiceEntry::Resolution::kDns));
  const auto cluster = mesh.cluster({"api.example", 80, ""}, {});
  EXPECT_THAT(cluster->unresolved, ElementsAre(UnresolvedEndpoint{"a.example", 80, 1, ""},
                                               UnresolvedEndpoint{"b.example", 80, 3, "eu/a"}));
  EXPECT_EQ(cluster->variant, "ServiceEntry/shop/dns");
}

TEST(Clusters, RoundRobinByDnsHasOneName) {
  Mesh mesh;
  mesh.add(dnsEntry(ServiceEntry::Resolution::kDnsRoundRobin));
  EXPECT_EQ(mesh.cluster({"api.example", 80, ""}, {})->unresolved.size(), 1U);
}

Mesh withInternalTraffic(const std::string& policy) {
  auto mesh = test::stock();
  auto service = test::serviceIn("shop", "stock", "10.96.0.17");
  service.internal_traffic_policy = policy;
  mesh.snapshot.services.clear();
  mesh.add(service);
  return mesh;
}

TEST(Clusters, InternalTrafficPolicyClusterGoesEverywhere) {
  const auto mesh = withInternalTraffic("Cluster");
  EXPECT_EQ(pods(*mesh.cluster({kStock, 80, ""}, {"shop", {{kHostnameLabel, "node-b"}}})).size(),
            3U);
}

TEST(Clusters, InternalTrafficPolicyLocalStaysOnTheClientsNode) {
  auto mesh = withInternalTraffic("Local");
  const auto of = [&](Labels labels) {
    return pods(*mesh.cluster({kStock, 80, ""}, {"shop", std::move(labels)}));
  };
  EXPECT_THAT(of({{kHostnameLabel, "node-b"}}), ElementsAre("shop/stock-b"));
  EXPECT_THAT(of({{kHostnameLabel, "node-a"}}), IsEmpty());
  EXPECT_EQ(of({}).size(), 3U);
  mesh.snapshot.agent.node_name = "node-c";
  EXPECT_THAT(of({}), ElementsAre("shop/stock-c"));
}

TEST(Clusters, ClientsShareWhatDoesNotDependOnThem) {
  auto mesh = test::stock();
  mesh.add(stockRule({{"v1", {{"version", "v1"}}, {}}}));
  const Registry registry(mesh.snapshot);
  const DestinationRules rules(mesh.snapshot);
  Clusters clusters(registry, rules, mesh.snapshot.agent);
  const auto one = clusters.find({kStock, 80, "v1"}, {"shop", {{kZoneLabel, "a"}}});
  const auto other = clusters.find({kStock, 80, "v1"}, {"other", {{"app", "x"}}});
  EXPECT_EQ(one, other);
  EXPECT_EQ(one->variant, "shop/stock");
}

TEST(Clusters, ClientsOfDifferentPlacesGetVariants) {
  const auto mesh = withInternalTraffic("Local");
  const Registry registry(mesh.snapshot);
  const DestinationRules rules(mesh.snapshot);
  Clusters clusters(registry, rules, mesh.snapshot.agent);
  const auto find = [&](const std::string& node, const std::string& app) {
    return clusters.find({kStock, 80, ""}, {"shop", {{kHostnameLabel, node}, {"app", app}}});
  };
  EXPECT_EQ(find("node-b", "x"), find("node-b", "y"));
  EXPECT_NE(find("node-b", "x"), find("node-c", "x"));
  EXPECT_EQ(find("node-b", "x")->variant, "kubernetes.io/hostname=node-b");
}

}  // namespace
}  // namespace sluice::routing
