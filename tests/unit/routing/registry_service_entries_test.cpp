// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/unit/routing/mesh_fixture.h"
#include "userspace/routing/service_entries.h"

namespace sluice::routing {
namespace {

using test::endpointsOf;
using test::Mesh;
using test::meta;
using test::pod;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using Resolution = ServiceEntry::Resolution;

constexpr const char* kHost = "api.partner.example";

WorkloadEndpoint at(const std::string& address) {
  WorkloadEndpoint endpoint;
  endpoint.address = address;
  return endpoint;
}

ServiceEntry entry(const std::string& name, const std::string& in = "shop", int day = 1) {
  ServiceEntry result;
  result.metadata = meta(name, in, day);
  result.hosts = {kHost};
  result.ports = {{80, "HTTP", "http", std::nullopt}};
  result.resolution = Resolution::kStatic;
  return result;
}

ServiceEntry entryWith(const std::string& name, const std::string& address,
                       const std::string& in = "shop", int day = 1) {
  auto result = entry(name, in, day);
  result.endpoints = {at(address)};
  return result;
}

std::vector<std::string> subnets(const RegistryService& service) {
  std::vector<std::string> list;
  for (const auto& subnet : service.subnets)
    list.push_back(subnet.base.text() + "/" + std::to_string(subnet.prefix_bits));
  return list;
}

std::vector<std::string> names(const RegistryPort& port) {
  std::vector<std::string> list;
  for (const auto& name : port.names) list.push_back(name.host + ":" + std::to_string(name.port));
  return list;
}

TEST(ServiceEntries, AddressesAreVirtualIpsAndRanges) {
  auto net = entry("net");
  net.addresses = {"203.0.113.7", "203.0.113.8/32", "203.0.113.99/24", "2001:db8:1::/48", "junk"};
  net.allocated_addresses = {"240.240.0.1"};
  const auto service = Mesh().add(net).service(kHost);
  ASSERT_EQ(service->vips.size(), 2U);
  EXPECT_EQ(service->vips[1].text(), "203.0.113.8");
  EXPECT_THAT(subnets(*service), ElementsAre("203.0.113.0/120", "2001:db8:1::/48"));
  EXPECT_FALSE(service->any_address);
}

TEST(ServiceEntries, WithoutAddressesThoseThatWereAllocatedCountElseEveryAddress) {
  auto allocated = entry("net");
  allocated.allocated_addresses = {"240.240.0.1"};
  EXPECT_EQ(Mesh().add(allocated).service(kHost)->vips.front().text(), "240.240.0.1");
  EXPECT_TRUE(Mesh().add(entry("net")).service(kHost)->any_address);
}

TEST(ServiceEntries, NamesOfCertificatesAreKept) {
  auto named = entry("named");
  named.subject_alt_names = {"spiffe://partner"};
  EXPECT_THAT(Mesh().add(named).service(kHost)->subject_alt_names, ElementsAre("spiffe://partner"));
}

TEST(ServiceEntries, SubnetsAreReadStrictly) {
  EXPECT_TRUE(parseSubnet("10.0.0.0/8")->contains(*IpAddress::parse("10.255.0.1")));
  EXPECT_FALSE(parseSubnet("10.0.0.0/8")->contains(*IpAddress::parse("11.0.0.1")));
  EXPECT_TRUE(parseSubnet("0.0.0.0/0")->contains(*IpAddress::parse("11.0.0.1")));
  for (const auto* wrong : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0/8", "::/129", "/8"})
    EXPECT_FALSE(parseSubnet(wrong)) << wrong;
}

TEST(ServiceEntries, ProtocolsAreInAnyCaseAndUdpIsNone) {
  auto many = entry("many");
  many.ports = {{80, "http", "a", {}}, {81, "GRPC-Web", "b", {}}, {82, "Mongo", "c", {}},
                {83, "UDP", "d", {}},  {84, "", "e", {}},         {3306, "", "f", {}}};
  const auto service = Mesh().add(many).service(kHost);
  EXPECT_EQ(service->port(80)->protocol, Protocol::kHttp);
  EXPECT_EQ(service->port(81)->protocol, Protocol::kHttp);
  EXPECT_EQ(service->port(82)->protocol, Protocol::kTcp);
  EXPECT_EQ(service->port(83), nullptr);
  EXPECT_EQ(service->port(84)->protocol, Protocol::kUnknown);
  EXPECT_EQ(service->port(3306)->protocol, Protocol::kUnknown);
}

TEST(ServiceEntries, PortOfAnEndpointIsItsOwnThenTheTargetThenThePort) {
  auto many = entry("many");
  many.ports = {{80, "HTTP", "http", 8000}, {81, "HTTP", "other", std::nullopt}};
  many.endpoints = {at("192.0.2.51"), at("192.0.2.52")};
  many.endpoints[1].ports = {{"http", 9090}};
  const auto service = Mesh().add(many).service(kHost);
  EXPECT_THAT(endpointsOf(*service->port(80)), ElementsAre("192.0.2.51:8000", "192.0.2.52:9090"));
  EXPECT_THAT(endpointsOf(*service->port(81)), ElementsAre("192.0.2.51:81", "192.0.2.52:81"));
}

TEST(ServiceEntries, EndpointsHaveWeightsLabelsAndLocalities) {
  auto one = entryWith("one", "192.0.2.51");
  one.endpoints[0].weight = 7;
  one.endpoints[0].labels = {{"version", "v1"}};
  one.endpoints[0].locality = "eu/a/";
  one.endpoints[0].network = "vpc";
  const auto service = Mesh().add(one).service(kHost);
  const auto& endpoint = service->ports[0].endpoints[0];
  EXPECT_EQ(endpoint.weight, 7U);
  EXPECT_EQ(endpoint.origin->locality, "eu/a");
  EXPECT_THAT(endpoint.origin->labels(), Contains(Pair("version", "v1")));
  EXPECT_THAT(endpoint.origin->labels(), Contains(Pair("topology.kubernetes.io/zone", "a")));
  EXPECT_THAT(endpoint.origin->labels(), Contains(Pair("topology.istio.io/network", "vpc")));
}

WorkloadEntry workloadEntry(const std::string& name, const std::string& address, Labels labels,
                            const std::string& in = "shop") {
  WorkloadEntry result;
  result.metadata = meta(name, in);
  result.endpoint.address = address;
  result.endpoint.labels = std::move(labels);
  return result;
}

TEST(ServiceEntries, SelectorsTakePodsAndWorkloadEntriesOfTheirNamespace) {
  auto selecting = entry("selecting");
  selecting.workload_selector = WorkloadSelector{{{"app", "api"}}};
  auto gone = pod("gone", "10.1.0.4", {{"app", "api"}});
  gone.phase = "Succeeded";
  Mesh mesh;
  mesh.add(selecting)
      .add(pod("a", "10.1.0.1", {{"app", "api"}, {"version", "v1"}}))
      .add(pod("b", "10.1.0.2", {{"app", "web"}}))
      .add(pod("c", "10.1.0.3", {{"app", "api"}}, "", "other"))
      .add(gone)
      .add(workloadEntry("vm", "192.0.2.9", {{"app", "api"}}))
      .add(workloadEntry("far", "192.0.2.10", {{"app", "api"}}, "other"))
      .add(workloadEntry("not", "192.0.2.11", {{"app", "web"}}));
  const auto service = mesh.service(kHost);
  EXPECT_THAT(endpointsOf(service->ports[0]), ElementsAre("10.1.0.1:80", "192.0.2.9:80"));
  EXPECT_EQ(service->ports[0].endpoints[0].origin->pod, "shop/a");
  EXPECT_EQ(service->ports[0].endpoints[1].origin->pod, "shop/vm");
}

TEST(ServiceEntries, NamesWaitForAResolver) {
  auto dns = entry("dns");
  dns.resolution = Resolution::kDns;
  dns.ports = {{80, "HTTP", "http", 8000}};
  EXPECT_THAT(names(Mesh().add(dns).service(kHost)->ports[0]),
              ElementsAre("api.partner.example:8000"));
  dns.endpoints = {at("192.0.2.1"), at("EU.partner.example")};
  const auto service = Mesh().add(dns).service(kHost);
  EXPECT_THAT(names(service->ports[0]), ElementsAre("eu.partner.example:8000"));
  EXPECT_THAT(endpointsOf(service->ports[0]), ElementsAre("192.0.2.1:8000"));
}

TEST(ServiceEntries, UnixSocketsAreKeptByTheirPath) {
  EXPECT_THAT(names(Mesh().add(entryWith("u", "unix:///run/api")).service(kHost)->ports[0]),
              ElementsAre("unix:///run/api:0"));
}

TEST(ServiceEntries, ResolutionNoneHasNoEndpointsButPerhapsAnotherPort) {
  auto none = entry("none");
  none.resolution = Resolution::kNone;
  none.ports = {{80, "HTTP", "http", 8000}, {81, "HTTP", "other", std::nullopt}};
  const auto service = Mesh().add(none).service(kHost);
  EXPECT_EQ(service->resolution, RegistryService::Resolution::kOriginal);
  EXPECT_EQ(service->port(80)->original_port, 8000);
  EXPECT_EQ(service->port(81)->original_port, 0);
}

TEST(ServiceEntries, EntriesOfOneHostAreOneServiceAndTheOlderOwnsThePort) {
  auto old = entryWith("z-old", "192.0.2.1", "shop", 1);
  auto young = entryWith("a-young", "192.0.2.2", "shop", 2);
  young.ports = {{80, "TCP", "http", std::nullopt}, {81, "HTTP", "more", std::nullopt}};
  const auto service = Mesh().add(young).add(old).service(kHost);
  EXPECT_EQ(service->resource, "ServiceEntry/shop/z-old");
  EXPECT_EQ(service->port(80)->protocol, Protocol::kHttp);
  EXPECT_THAT(endpointsOf(*service->port(80)), ElementsAre("192.0.2.1:80", "192.0.2.2:80"));
  EXPECT_THAT(endpointsOf(*service->port(81)), ElementsAre("192.0.2.2:81"));
}

std::vector<std::string> vips(const std::shared_ptr<const RegistryService>& service) {
  std::vector<std::string> list;
  for (const auto& vip : service->vips) list.push_back(vip.text());
  return list;
}

ServiceEntry called(ServiceEntry entry, const std::vector<std::string>& addresses) {
  entry.addresses = addresses;
  return entry;
}

TEST(ServiceEntries, AddressesOfAllThatEverybodySeesLeadToTheFirst) {
  auto hidden = called(entry("hidden", "third", 1), {"203.0.113.3"});
  hidden.export_to = {"."};
  auto old = called(entryWith("old", "192.0.2.1", "shop", 1), {"203.0.113.2"});
  auto same = called(entryWith("same", "192.0.2.2", "shop", 2), {"203.0.113.2", "203.0.113.9"});
  auto young = called(entryWith("young", "192.0.2.3", "other", 3), {"203.0.113.1", "203.0.0.0/24"});
  Mesh mesh;
  mesh.add(hidden).add(young).add(old).add(same);
  EXPECT_THAT(vips(mesh.service(kHost)), ElementsAre("203.0.113.1", "203.0.113.2", "203.0.113.9"));
  EXPECT_THAT(subnets(*mesh.service(kHost)), ElementsAre("203.0.0.0/120"));
  EXPECT_FALSE(mesh.service(kHost)->any_address);
  EXPECT_THAT(vips(mesh.service(kHost, "third")), ElementsAre("203.0.113.3"));
}

TEST(ServiceEntries, OneWithoutAddressesIsStillForEveryAddress) {
  const auto service =
      Mesh()
          .add(entryWith("old", "192.0.2.1", "shop", 1))
          .add(called(entryWith("young", "192.0.2.1", "other", 2), {"203.0.113.1"}))
          .service(kHost);
  EXPECT_THAT(vips(service), ElementsAre("203.0.113.1"));
  EXPECT_TRUE(service->any_address);
}

TEST(ServiceEntries, EntriesThatCannotMergeAreSeenOldestFirst) {
  auto old = entryWith("z-old", "192.0.2.1", "shop", 1);
  auto young = entry("a-young", "shop", 2);
  young.resolution = Resolution::kDns;
  young.ports = {{81, "HTTP", "more", std::nullopt}};
  const auto service = Mesh().add(young).add(old).service(kHost);
  EXPECT_EQ(service->resource, "ServiceEntry/shop/z-old");
  EXPECT_EQ(service->port(81), nullptr);
}

TEST(ServiceEntries, EveryClientMeansTheOneThatItMaySee) {
  auto own = entryWith("own", "192.0.2.60", "shop", 5);
  own.export_to = {"."};
  auto for_other = entryWith("for-other", "192.0.2.61", "billing", 4);
  for_other.export_to = {"other", "shop"};
  Mesh mesh;
  mesh.add(own).add(for_other);
  EXPECT_EQ(mesh.service(kHost, "shop")->resource, "ServiceEntry/shop/own");
  EXPECT_EQ(mesh.service(kHost, "other")->resource, "ServiceEntry/billing/for-other");
  EXPECT_EQ(mesh.service(kHost, "billing"), nullptr);
  mesh.add(entryWith("public", "192.0.2.62", "third", 1));
  EXPECT_EQ(mesh.service(kHost, "other")->resource, "ServiceEntry/billing/for-other");
  EXPECT_EQ(mesh.service(kHost, "billing")->resource, "ServiceEntry/third/public");
}

TEST(ServiceEntries, AKubernetesServiceOwnsItsHost) {
  auto squatter = entryWith("squatter", "192.0.2.1");
  squatter.hosts = {"catalog.shop.svc.cluster.local"};
  const auto service = Mesh()
                           .add(squatter)
                           .add(test::serviceIn("shop", "catalog", "10.96.0.10"))
                           .service("catalog.shop.svc.cluster.local");
  EXPECT_EQ(service->resource, "Service/shop/catalog");
  EXPECT_THAT(endpointsOf(service->ports[0]), IsEmpty());
}

TEST(ServiceEntries, TrafficDistributionIsAnAnnotation) {
  auto near = entryWith("near", "192.0.2.1");
  EXPECT_EQ(Mesh().add(near).service(kHost)->traffic_distribution, TrafficDistribution::kAny);
  near.metadata.annotations["networking.istio.io/traffic-distribution"] = "PreferSameNode";
  EXPECT_EQ(Mesh().add(near).service(kHost)->traffic_distribution,
            TrafficDistribution::kPreferSameNode);
}

TEST(ServiceEntries, EachHostIsAServiceInLowerCase) {
  auto two = entryWith("two", "192.0.2.1");
  two.hosts = {"IN.shop.internal", "*.partner.example"};
  Mesh mesh;
  mesh.add(two);
  EXPECT_NE(mesh.service("in.shop.internal"), nullptr);
  EXPECT_NE(mesh.service("*.partner.example"), nullptr);
}

}  // namespace
}  // namespace sluice::routing
