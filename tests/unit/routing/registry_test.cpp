// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/registry.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>

#include "tests/unit/routing/mesh_fixture.h"
#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

using test::endpointOf;
using test::endpointsOf;
using test::Mesh;
using test::meta;
using test::pod;
using test::serviceIn;
using test::sliceOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Pair;

constexpr const char* kCatalog = "catalog.shop.svc.cluster.local";

Protocol protocol(std::string name, std::string app = "", uint16_t number = 80) {
  return protocolOf({std::move(name), number, "", "TCP", std::move(app)});
}

TEST(Registry, ProtocolComesFromAppProtocolThenTheName) {
  EXPECT_EQ(protocol("http-web"), Protocol::kHttp);
  EXPECT_EQ(protocol("http", "tcp"), Protocol::kTcp);
  EXPECT_EQ(protocol("tcp", "kubernetes.io/h2c"), Protocol::kHttp2);
  EXPECT_EQ(protocol("tcp", "kubernetes.io/wss"), Protocol::kTls);
  EXPECT_EQ(protocol("grpc-web-x"), Protocol::kHttp);
  EXPECT_EQ(protocol("GRPC"), Protocol::kGrpc);
  EXPECT_EQ(protocol("https"), Protocol::kTls);
  EXPECT_EQ(protocol("mysql-x"), Protocol::kTcp);
  EXPECT_EQ(protocol("x"), Protocol::kUnknown);
}

TEST(Registry, AnUnknownAppProtocolHidesTheName) {
  EXPECT_EQ(protocol("http", "example.com/own"), Protocol::kUnknown);
}

TEST(Registry, PortsOfServersThatSpeakFirstAreTcpUnlessSaidOtherwise) {
  for (const auto number : std::to_array<uint16_t>({25, 53, 3306, 27017}))
    EXPECT_EQ(protocol("x", "", number), Protocol::kTcp);
  EXPECT_EQ(protocol("http", "", 3306), Protocol::kHttp);
}

TEST(Registry, UdpPortsAreNone) {
  auto service = serviceIn("shop", "catalog", "10.96.0.10");
  service.ports.push_back({"dns", 53, "", "UDP", ""});
  EXPECT_EQ(Mesh().add(service).service(kCatalog)->ports.size(), 1U);
}

/// Two pods of catalog, and a slice that a test makes something of.
Mesh catalog() {
  Mesh mesh;
  mesh.add(serviceIn("shop", "catalog", "10.96.0.10"))
      .add(pod("one", "10.1.1.1", {{"version", "v1"}}))
      .add(pod("two", "10.1.1.2", {{"version", "v2"}}));
  return mesh;
}

TEST(Registry, PortsAreFoundByTheirNumbersInWhateverOrderTheyStand) {
  auto service = serviceIn("shop", "catalog", "10.96.0.10");
  service.ports.push_back({"second", 8081, "", "TCP", ""});
  service.ports.push_back({"first", 79, "", "TCP", ""});
  const auto found = Mesh().add(service).service(kCatalog);
  for (const auto number : std::to_array<uint16_t>({79, 80, 8081})) {
    ASSERT_NE(found->port(number), nullptr) << number;
    EXPECT_EQ(found->port(number)->number, number);
  }
  EXPECT_EQ(found->port(8080), nullptr);
  EXPECT_TRUE(std::ranges::is_sorted(found->ports, {}, &RegistryPort::number));
}

std::vector<std::string> endpointsOfCatalog(const Mesh& mesh) {
  return endpointsOf(mesh.service(kCatalog)->ports.front());
}

std::vector<std::string> endpointsWith(std::optional<bool> ready, std::optional<bool> terminating,
                                       bool publish = false) {
  auto endpoint = endpointOf("one", "10.1.1.1");
  endpoint.ready = ready;
  endpoint.terminating = terminating;
  auto service = serviceIn("shop", "catalog", "10.96.0.10");
  service.publish_not_ready_addresses = publish;
  return endpointsOfCatalog(
      Mesh().add(service).add(pod("one", "10.1.1.1")).add(sliceOf("catalog", {endpoint})));
}

TEST(Registry, ReadinessIsWhatIstioMakesOfTheConditions) {
  EXPECT_THAT(endpointsWith(std::nullopt, std::nullopt), ElementsAre("10.1.1.1:8080"));
  EXPECT_THAT(endpointsWith(true, true), ElementsAre("10.1.1.1:8080"));
  EXPECT_THAT(endpointsWith(false, std::nullopt), IsEmpty());
  EXPECT_THAT(endpointsWith(false, true), IsEmpty());
  EXPECT_THAT(endpointsWith(false, false), ElementsAre("10.1.1.1:8080!"));
  EXPECT_THAT(endpointsWith(false, false, true), ElementsAre("10.1.1.1:8080"));
  EXPECT_THAT(endpointsWith(false, true, true), IsEmpty());
}

TEST(Registry, EndpointsOfPodsThatAreNotKnownAreLeftOut) {
  auto mesh = catalog();
  mesh.add(sliceOf("catalog", {endpointOf("one", "10.1.1.1"), endpointOf("three", "10.1.1.3")}));
  EXPECT_THAT(endpointsOfCatalog(mesh), ElementsAre("10.1.1.1:8080"));
}

TEST(Registry, SlicesAreUnitedAndAnAddressComesOnce) {
  auto mesh = catalog();
  auto leaving = endpointOf("one", "10.1.1.1");
  leaving.ready = false;
  leaving.terminating = false;
  mesh.add(sliceOf("catalog", {endpointOf("two", "10.1.1.2"), leaving}))
      .add(sliceOf("catalog", {endpointOf("one", "10.1.1.1")}, "shop", "x2"));
  EXPECT_THAT(endpointsOfCatalog(mesh), ElementsAre("10.1.1.1:8080", "10.1.1.2:8080"));
}

TEST(Registry, PortsMeetByName) {
  auto service = serviceIn("shop", "catalog", "10.96.0.10");
  service.ports.push_back({"admin", 81, "", "TCP", ""});
  auto slice = sliceOf("catalog", {endpointOf("one", "10.1.1.1")});
  slice.ports = {{"admin", 9090, "TCP", ""}, {"http", 8080, "UDP", ""}, {"other", 1, "TCP", ""}};
  const auto found = Mesh().add(service).add(pod("one", "10.1.1.1")).add(slice).service(kCatalog);
  EXPECT_THAT(endpointsOf(*found->port(80)), IsEmpty());
  EXPECT_THAT(endpointsOf(*found->port(81)), ElementsAre("10.1.1.1:9090"));
}

TEST(Registry, SlicesOfAllFamiliesCountAndHostNamesDoNot) {
  auto mesh = catalog();
  auto v6 = sliceOf("catalog", {endpointOf("one", "2001:db8::1")}, "shop", "x2");
  v6.address_type = "IPv6";
  auto names = sliceOf("catalog", {endpointOf("two", "10.1.1.2")}, "shop", "x3");
  names.address_type = "FQDN";
  mesh.add(sliceOf("catalog", {endpointOf("one", "10.1.1.1")})).add(v6).add(names);
  EXPECT_THAT(endpointsOfCatalog(mesh), ElementsAre("10.1.1.1:8080", "[2001:db8::1]:8080"));
}

Endpoints endpointsResource() {
  Endpoints endpoints;
  endpoints.metadata = meta("catalog", "shop");
  Endpoints::EndpointSubset subset;
  subset.addresses = {{"10.1.1.1", "Pod", "one", "", ""}};
  subset.not_ready_addresses = {{"10.1.1.2", "Pod", "two", "shop", ""}};
  subset.ports = {{"http", 8080, "TCP", ""}};
  endpoints.subsets = {subset};
  return endpoints;
}

TEST(Registry, EndpointsAreReadWhereThereIsNoSlice) {
  auto mesh = catalog();
  mesh.add(endpointsResource());
  EXPECT_THAT(endpointsOfCatalog(mesh), ElementsAre("10.1.1.1:8080", "10.1.1.2:8080!"));
  mesh.add(sliceOf("catalog", {endpointOf("one", "10.1.1.9")}));
  EXPECT_THAT(endpointsOfCatalog(mesh), ElementsAre("10.1.1.9:8080"));
}

const EndpointOrigin& originIn(const std::shared_ptr<const RegistryService>& service) {
  return *service->ports.front().endpoints.front().origin;
}

TEST(Registry, EndpointsHaveTheLabelsOfTheirPodAndOfWhereItRuns) {
  Mesh mesh;
  auto where = test::node("node-a", "eu", "a");
  where.metadata.labels["topology.istio.io/subzone"] = "rack-1";
  mesh.add(serviceIn("shop", "catalog", "10.96.0.10"))
      .add(where)
      .add(pod("one", "10.1.1.1", {{"version", "v1"}}, "node-a"))
      .add(sliceOf("catalog", {endpointOf("one", "10.1.1.1")}));
  const auto service = mesh.service(kCatalog);
  const auto& origin = originIn(service);
  EXPECT_EQ(origin.pod, "shop/one");
  EXPECT_EQ(origin.locality, "eu/a/rack-1");
  EXPECT_EQ(origin.node, "node-a");
  EXPECT_THAT(origin.labels(),
              ElementsAre(Pair("kubernetes.io/hostname", "node-a"),
                          Pair("topology.istio.io/cluster", "Kubernetes"),
                          Pair("topology.istio.io/subzone", "rack-1"),
                          Pair("topology.kubernetes.io/region", "eu"),
                          Pair("topology.kubernetes.io/zone", "a"), Pair("version", "v1")));
}

TEST(Registry, EndpointsOfOneDeploymentShareTheirLabels) {
  Mesh mesh;
  mesh.add(serviceIn("shop", "catalog", "10.96.0.10"))
      .add(pod("one", "10.1.1.1", {{"version", "v1"}}, "node-a"))
      .add(pod("two", "10.1.1.2", {{"version", "v1"}}, "node-a"))
      .add(sliceOf("catalog", {endpointOf("one", "10.1.1.1"), endpointOf("two", "10.1.1.2")}));
  const auto service = mesh.service(kCatalog);
  const auto& endpoints = service->ports.front().endpoints;
  EXPECT_EQ(endpoints[0].origin->own.begin(), endpoints[1].origin->own.begin());
  EXPECT_EQ(endpoints[0].origin->place.begin(), endpoints[1].origin->place.begin());
}

TEST(Registry, OldNamesOfTopologyLabelsAreKnown) {
  EXPECT_EQ(localityOf(Labels{{"failure-domain.beta.kubernetes.io/region", "eu"},
                              {"failure-domain.beta.kubernetes.io/zone", "a"}}),
            "eu/a");
  EXPECT_EQ(localityOf(Labels{}), "");
}

TEST(Registry, ALabelOfThePodOverridesItsNodesLocality) {
  Mesh mesh;
  mesh.add(serviceIn("shop", "catalog", "10.96.0.10"))
      .add(test::node("node-a", "eu", "a"))
      .add(pod("one", "10.1.1.1", {{"istio-locality", "us.d"}}, "node-a"))
      .add(sliceOf("catalog", {endpointOf("one", "10.1.1.1")}));
  const auto service = mesh.service(kCatalog);
  EXPECT_EQ(originIn(service).locality, "us/d");
  EXPECT_THAT(originIn(service).labels(), Contains(Pair("topology.kubernetes.io/zone", "d")));
}

TEST(Registry, AnEndpointWithoutTargetIsThePodOfItsAddress) {
  auto mesh = catalog();
  auto endpoint = endpointOf("", "10.1.1.2");
  endpoint.target_kind = "";
  mesh.add(sliceOf("catalog", {endpoint}));
  EXPECT_THAT(originIn(mesh.service(kCatalog)).labels(), Contains(Pair("version", "v2")));
}

TEST(Registry, AnAddressThatSeveralPodsShareIsNoPods) {
  auto mesh = catalog();
  auto endpoint = endpointOf("", "10.1.1.2");
  endpoint.target_kind = "";
  endpoint.node_name = "node-x";
  mesh.add(sliceOf("catalog", {endpoint})).add(pod("twin", "10.1.1.2"));
  const auto service = mesh.service(kCatalog);
  EXPECT_EQ(originIn(service).pod, "");
  EXPECT_EQ(originIn(service).node, "node-x");
}

TEST(Registry, PodsOfTheHostsNetworkAreNotMeantByTheirAddress) {
  Mesh mesh;
  auto shared = pod("shared", "10.1.1.2", {{"version", "v9"}});
  shared.host_network = true;
  auto endpoint = endpointOf("", "10.1.1.2");
  endpoint.target_kind = "";
  mesh.add(serviceIn("shop", "catalog", "10.96.0.10"))
      .add(shared)
      .add(sliceOf("catalog", {endpoint}));
  EXPECT_EQ(originIn(mesh.service(kCatalog)).pod, "");
}

TEST(Registry, HeadlessServicesKeepTheAddressThatWasCalled) {
  const auto service = Mesh().add(serviceIn("shop", "catalog", "None")).service(kCatalog);
  EXPECT_TRUE(service->headless);
  EXPECT_EQ(service->resolution, RegistryService::Resolution::kOriginal);
  EXPECT_THAT(service->vips, IsEmpty());
}

TEST(Registry, ExternalNamesAreAliases) {
  auto external = serviceIn("shop", "catalog", "");
  external.type = "ExternalName";
  external.external_name = "Catalog.Example.com.";
  const auto service = Mesh().add(external).service(kCatalog);
  EXPECT_EQ(service->resolution, RegistryService::Resolution::kAlias);
  EXPECT_EQ(service->external_name, "catalog.example.com");
}

TEST(Registry, ExportToIsAnAnnotationOrTheMeshsDefault) {
  auto own = serviceIn("shop", "catalog", "10.96.0.10");
  Mesh mesh;
  mesh.snapshot.agent.default_service_export_to = {"."};
  mesh.add(own);
  EXPECT_NE(mesh.service(kCatalog, "shop"), nullptr);
  EXPECT_EQ(mesh.service(kCatalog, "other"), nullptr);
  own.metadata.annotations["networking.istio.io/exportTo"] = "other, billing";
  mesh.snapshot.services.clear();
  mesh.add(own);
  EXPECT_NE(mesh.service(kCatalog, "billing"), nullptr);
  EXPECT_EQ(mesh.service(kCatalog, "shop"), nullptr);
}

TrafficDistribution distributionOf(const std::string& field, const std::string& annotation,
                                   const std::string& of_namespace) {
  auto service = serviceIn("shop", "catalog", "10.96.0.10");
  service.traffic_distribution = field;
  constexpr const char* kName = "networking.istio.io/traffic-distribution";
  if (!annotation.empty()) service.metadata.annotations[kName] = annotation;
  Namespace shop;
  shop.metadata = meta("shop", "");
  if (!of_namespace.empty()) shop.metadata.annotations[kName] = of_namespace;
  return Mesh().add(service).add(shop).service(kCatalog)->traffic_distribution;
}

TEST(Registry, TrafficDistributionIsAFieldOrAnAnnotation) {
  using enum TrafficDistribution;
  EXPECT_EQ(distributionOf("", "", ""), kAny);
  EXPECT_EQ(distributionOf("PreferClose", "", ""), kPreferSameZone);
  EXPECT_EQ(distributionOf("PreferSameZone", "", ""), kPreferSameZone);
  EXPECT_EQ(distributionOf("PreferSameNode", "preferclose", ""), kPreferSameNode);
  EXPECT_EQ(distributionOf("", "preferclose", ""), kPreferSameZone);
  EXPECT_EQ(distributionOf("", "PreferSameNode", "PreferClose"), kPreferSameNode);
  EXPECT_EQ(distributionOf("", "", "PreferClose"), kPreferSameZone);
  EXPECT_EQ(distributionOf("", "nearest", "PreferClose"), kPreferSameZone);
}

TEST(Registry, ClientsAreWorkloadsOrPodsWithTheirTopology) {
  Mesh mesh;
  auto workload = test::workload("web", "shop", {{"env", "prod"}});
  mesh.add(test::node("node-a", "eu", "a"))
      .add(test::node("node-b", "eu", "b"))
      .add(pod("web", "10.1.0.10", {{"app", "web"}}, "node-a"))
      .add(pod("batch", "10.1.0.11", {{"app", "batch"}}, "node-b"))
      .add(workload)
      .add(test::workload("unit", "shop", {{"app", "unit"}}));
  mesh.snapshot.agent.node_name = "node-b";
  const Registry registry(mesh.snapshot);
  const auto labels = [&](const std::string& key) {
    return findClient(mesh.snapshot, registry, key)->labels;
  };
  using Items = std::vector<std::pair<const std::string, std::string>>;
  EXPECT_THAT(labels("shop/web"),
              IsSupersetOf(Items{{"app", "web"}, {"env", "prod"}, {kZoneLabel, "a"}}));
  EXPECT_THAT(labels("shop/batch"), IsSupersetOf(Items{{"app", "batch"}, {kZoneLabel, "b"}}));
  EXPECT_THAT(labels("shop/unit"), IsSupersetOf(Items{{"app", "unit"}, {kZoneLabel, "b"}}));
  EXPECT_FALSE(findClient(mesh.snapshot, registry, "shop/nobody"));
}

}  // namespace
}  // namespace sluice::routing
