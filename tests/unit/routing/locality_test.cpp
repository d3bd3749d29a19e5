// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/locality.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/mesh_fixture.h"
#include "userspace/routing/endpoint_shares.h"
#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

using test::Mesh;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

/// Share of each endpoint of stock, by the zone that it is in.
using Shares = std::vector<std::pair<std::string, double>>;

Shares sharesIn(const Cluster& cluster) {
  double sum = 0;
  for (const auto& endpoint : cluster.endpoints) sum += endpoint.share;
  Shares shares;
  for (const auto& endpoint : cluster.endpoints)
    shares.emplace_back(endpoint.locality.substr(3), endpoint.share / sum);
  return shares;
}

Shares sharesFor(const Mesh& mesh, const Client& client) {
  return sharesIn(*mesh.cluster({test::kStock, 80, ""}, client));
}

Shares shares(const Mesh& mesh) { return sharesFor(mesh, test::web(mesh)); }

auto gets(const char* zone, double share) { return Pair(zone, testing::DoubleNear(share, 1e-6)); }

DestinationRule stockRule(const LocalityLbSetting& setting, bool outlier_detection) {
  auto rule = test::rule("stock", "shop", "stock");
  rule.traffic_policy.emplace();
  rule.traffic_policy->load_balancer.emplace();
  rule.traffic_policy->load_balancer->locality_lb_setting = setting;
  if (outlier_detection) rule.traffic_policy->outlier_detection.emplace();
  return rule;
}

DestinationRule outlierDetection() {
  auto rule = test::rule("stock", "shop", "stock");
  rule.traffic_policy.emplace();
  rule.traffic_policy->outlier_detection.emplace();
  return rule;
}

LocalityLbSetting distribution(const std::string& from, std::map<std::string, uint32_t> to) {
  LocalityLbSetting setting;
  setting.distribute.push_back({from, std::move(to)});
  return setting;
}

LocalityLbSetting preferring(std::vector<std::string> labels) {
  LocalityLbSetting setting;
  setting.failover_priority = std::move(labels);
  return setting;
}

Shares sharesWith(const LocalityLbSetting& setting, bool outlier_detection = true) {
  auto mesh = test::stock();
  mesh.add(stockRule(setting, outlier_detection));
  return shares(mesh);
}

TEST(Locality, WithoutASettingAllEndpointsAreAlike) {
  EXPECT_THAT(shares(test::stock()),
              ElementsAre(gets("b", 1. / 3), gets("c", 1. / 3), gets("d", 1. / 3)));
}

TEST(Locality, DistributeDividesByTheClientsPlace) {
  EXPECT_THAT(sharesWith(distribution("eu/a/*", {{"eu/b/*", 25}, {"eu/c/*", 75}}), false),
              ElementsAre(gets("b", 0.25), gets("c", 0.75)));
}

TEST(Locality, DistributeToLocalitiesTogetherGoesByTheirEndpoints) {
  EXPECT_THAT(sharesWith(distribution("eu/*", {{"eu/b", 20}, {"us/*", 80}})),
              ElementsAre(gets("b", 0.2), gets("d", 0.8)));
  // Zone a has an endpoint, too, that is not ready: its half of the 90 is lost.
  EXPECT_THAT(sharesWith(distribution("*", {{"eu/a", 90}, {"eu/b", 10}})),
              ElementsAre(gets("b", 1)));
}

TEST(Locality, DistributeFromElsewhereDoesNotConcernTheClient) {
  EXPECT_THAT(sharesWith(distribution("us/*", {{"us/*", 100}})),
              ElementsAre(gets("b", 1. / 3), gets("c", 1. / 3), gets("d", 1. / 3)));
}

TEST(Locality, DistributeToNowhereLeavesNoEndpoint) {
  EXPECT_THAT(sharesWith(distribution("eu/*", {{"asia/*", 100}})), IsEmpty());
}

// The pod in the client's zone is not ready, so that all goes to the region.
TEST(Locality, OutlierDetectionAloneSwitchesFailoverOn) {
  auto mesh = test::stock();
  mesh.add(outlierDetection());
  EXPECT_THAT(shares(mesh), ElementsAre(gets("b", 0.5), gets("c", 0.5), gets("d", 0)));
  const auto cluster = mesh.cluster({test::kStock, 80, ""}, test::web(mesh));
  EXPECT_EQ(cluster->endpoints[0].priority, 1U);
  EXPECT_EQ(cluster->endpoints[2].priority, 2U);
}

TEST(Locality, WithoutOutlierDetectionThereIsNoFailover) {
  LocalityLbSetting setting;
  setting.failover.push_back({"eu", "us"});
  EXPECT_THAT(sharesWith(setting, false),
              ElementsAre(gets("b", 1. / 3), gets("c", 1. / 3), gets("d", 1. / 3)));
}

TEST(Locality, TheRulesSettingStandsForTheMeshsAndSwitchesItOff) {
  LocalityLbSetting off;
  off.enabled = false;
  EXPECT_THAT(sharesWith(off),
              ElementsAre(gets("b", 1. / 3), gets("c", 1. / 3), gets("d", 1. / 3)));
}

TEST(Locality, TheMeshMaySwitchItOffOrDistribute) {
  auto mesh = test::stock();
  mesh.add(outlierDetection());
  mesh.snapshot.agent.locality_lb_setting.emplace();
  mesh.snapshot.agent.locality_lb_setting->enabled = false;
  EXPECT_THAT(shares(mesh), ElementsAre(gets("b", 1. / 3), gets("c", 1. / 3), gets("d", 1. / 3)));
  mesh.snapshot.agent.locality_lb_setting = distribution("eu/*", {{"us/*", 100}});
  EXPECT_THAT(shares(mesh), ElementsAre(gets("d", 1)));
}

TEST(Locality, FailoverNamesTheRegionThatComesFirst) {
  auto mesh = test::stock();
  auto slice = test::sliceOf("stock", {test::endpointOf("stock-e", "10.1.10.5")}, "shop", "x2");
  mesh.add(test::node("node-e", "as", "e")).add(test::pod("stock-e", "10.1.10.5", {}, "node-e"));
  mesh.add(slice);
  LocalityLbSetting setting;
  setting.failover.push_back({"eu", "as"});
  mesh.add(stockRule(setting, true));
  auto client = test::web(mesh);
  const auto cluster = mesh.cluster({test::kStock, 80, ""}, client);
  EXPECT_EQ(cluster->endpoints[2].locality, "us/d");
  EXPECT_EQ(cluster->endpoints[2].priority, 3U);
  EXPECT_EQ(cluster->endpoints[3].locality, "as/e");
  EXPECT_EQ(cluster->endpoints[3].priority, 2U);
}

TEST(Locality, ClientsOfUnknownPlaceSeeAllAlike) {
  auto mesh = test::stock();
  mesh.add(outlierDetection());
  EXPECT_THAT(sharesFor(mesh, {"shop", {}}),
              ElementsAre(gets("b", 1. / 3), gets("c", 1. / 3), gets("d", 1. / 3)));
}

// Two of the region's three are ready: it keeps 1.4 * 2/3 of the traffic.
TEST(Locality, FailoverPriorityComparesLabelsInTheirOrder) {
  EXPECT_THAT(sharesWith(preferring({kRegionLabel})),
              ElementsAre(gets("b", 0.465), gets("c", 0.465), gets("d", 0.07)));
  EXPECT_THAT(sharesWith(preferring({kRegionLabel, kZoneLabel})),
              ElementsAre(gets("b", 0.5), gets("c", 0.5), gets("d", 0)));
}

TEST(Locality, FailoverPriorityMayNameTheValue) {
  EXPECT_THAT(sharesWith(preferring({std::string(kZoneLabel) + "=d"})),
              ElementsAre(gets("b", 0), gets("c", 0), gets("d", 1)));
}

/// Shares of two pods of zone b, on node-b1 and node-b2, and of pods that are each farther away: in
/// another zone, in a zone of that name in another region, in another network.
Shares sharesPreferring(const std::string& distribution, const std::string& zone,
                        const std::string& node) {
  struct Place {
    std::string node, region, zone, network;
  };
  const Place places[] = {{"node-b1", "eu", "b", ""},
                          {"node-b2", "eu", "b", ""},
                          {"node-c", "eu", "c", ""},
                          {"node-u", "us", "b", ""},
                          {"node-n", "eu", "b", "far"}};
  Mesh mesh;
  std::vector<SliceEndpoint> endpoints;
  for (const auto& place : places) {
    const auto ip = "10.1.10." + std::to_string(endpoints.size() + 1);
    Labels labels;
    if (!place.network.empty()) labels[kNetworkLabel] = place.network;
    mesh.add(test::node(place.node, place.region, place.zone))
        .add(test::pod("on-" + place.node, ip, labels, place.node));
    endpoints.push_back(test::endpointOf("on-" + place.node, ip));
  }
  auto service = test::serviceIn("shop", "stock", "10.96.0.17");
  service.traffic_distribution = distribution;
  mesh.add(service).add(test::sliceOf("stock", endpoints));
  return sharesFor(mesh,
                   {"shop", {{kRegionLabel, "eu"}, {kZoneLabel, zone}, {kHostnameLabel, node}}});
}

TEST(Locality, TrafficDistributionPrefersWhatIsNearWithoutOutlierDetection) {
  EXPECT_THAT(
      sharesPreferring("PreferClose", "b", "node-b2"),
      ElementsAre(gets("b", 0.5), gets("b", 0.5), gets("c", 0), gets("b", 0), gets("b", 0)));
  EXPECT_THAT(sharesPreferring("PreferSameNode", "b", "node-b2"),
              ElementsAre(gets("b", 0), gets("b", 1), gets("c", 0), gets("b", 0), gets("b", 0)));
  EXPECT_THAT(sharesPreferring("PreferSameNode", "c", "node-x"),
              ElementsAre(gets("b", 0), gets("b", 0), gets("c", 1), gets("b", 0), gets("b", 0)))
      << "none on the node: what is in the zone";
}

/// Near pods first, unless something stands before the Service's own wish.
Mesh preferClose() {
  auto mesh = test::stock();
  auto service = test::serviceIn("shop", "stock", "10.96.0.17");
  service.traffic_distribution = "PreferClose";
  mesh.snapshot.services.clear();
  return mesh.add(service);
}

TEST(Locality, TheRulesSettingStandsForTrafficDistribution) {
  auto mesh = preferClose();
  mesh.add(stockRule(distribution("*", {{"us/*", 100}}), false));
  EXPECT_THAT(shares(mesh), ElementsAre(gets("d", 1)));

  LocalityLbSetting off;
  off.enabled = false;
  auto without = preferClose();
  without.add(stockRule(off, true));
  EXPECT_THAT(shares(without), Each(Pair(testing::_, testing::DoubleNear(1.0 / 3, 1e-6))));
}

TEST(Locality, TrafficDistributionStandsForTheMeshsSetting) {
  auto mesh = preferClose();
  mesh.snapshot.agent.locality_lb_setting = distribution("*", {{"us/*", 100}});
  const Client client{"shop", {{kRegionLabel, "eu"}, {kZoneLabel, "c"}}};
  EXPECT_THAT(sharesFor(mesh, client), ElementsAre(gets("b", 0), gets("c", 1), gets("d", 0)));
  mesh.snapshot.agent.locality_lb_setting->enabled = false;
  EXPECT_THAT(sharesFor(mesh, client), ElementsAre(gets("b", 0), gets("c", 1), gets("d", 0)));
}

TEST(Locality, UnhealthyEndpointsMoveTrafficOn) {
  auto mesh = test::stock();
  mesh.add(outlierDetection());
  const auto cluster = mesh.cluster({test::kStock, 80, ""}, test::web(mesh));
  EXPECT_THAT(endpointShares(*cluster, std::vector<EndpointState>{{false}, {}, {}}),
              ElementsAre(0, 7, 3));
  EXPECT_THAT(endpointShares(*cluster, std::vector<EndpointState>{{false}, {false}, {}}),
              ElementsAre(0, 0, 1));
  EXPECT_THAT(endpointShares(*cluster, std::vector<EndpointState>{{false}, {false}, {false}}),
              ElementsAre(0, 0, 0));
}

TEST(Locality, OnlyLabelsThatTheSettingLooksAtMatter) {
  const auto labels = [](LocalityLbSetting setting) {
    return labelsOf({setting.distribute.empty() ? LocalityPolicy::Kind::kFailover
                                                : LocalityPolicy::Kind::kDistribute,
                     setting});
  };
  EXPECT_THAT(labels({}), ElementsAre(kSubzoneLabel, kRegionLabel, kZoneLabel));
  EXPECT_THAT(labels(distribution("*", {})), ElementsAre(kSubzoneLabel, kRegionLabel, kZoneLabel));
  EXPECT_THAT(labels(preferring({"rack", "row=1"})), ElementsAre("rack"));
}

}  // namespace
}  // namespace sluice::routing
