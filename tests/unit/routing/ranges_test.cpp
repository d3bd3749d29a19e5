// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/ranges.h"

#include <gmock/gmock.h>

#include "tests/unit/routing/resolved.h"

namespace sluice::routing {
namespace {

using test::entry;
using test::meta;
using test::World;
using testing::ElementsAre;
using testing::IsEmpty;

/// "10.0.0.0/8:80 host", "*:443 sni -> host".
std::vector<std::string> rangesOf(const World& world) {
  std::vector<std::string> list;
  const auto routing = resolve(world.snapshot);
  for (const auto& range : routing.tables.at({}).ranges) {
    const auto where = range.subnet.prefix_bits == 0 ? "*" : range.subnet.text();
    const auto name = range.sni_hosts.empty() ? "" : range.sni_hosts.front() + " -> ";
    list.push_back(where + ":" + std::to_string(range.port) + " " + name +
                   range.route->service.host);
  }
  return list;
}

TEST(Ranges, EntriesWithoutAddressTakeEveryOneOnTheirTcpPorts) {
  World world;
  world.add(entry("db.example", "TCP", 5432, {"192.0.2.5"}))
      .add(entry("web.example", "HTTP", 80, {"192.0.2.6"}))
      .add(entry("fixed.example", "TCP", 5433, {"192.0.2.7"}, {"198.51.100.1"}));
  EXPECT_THAT(rangesOf(world), ElementsAre("*:5432 db.example"));
}

TEST(Ranges, TlsPortsWithoutAddressAreToldApartByServerName) {
  World world;
  world.add(entry("*.partner.example", "TLS", 443, {"192.0.2.43"}))
      .add(entry("one.partner.example", "HTTPS", 443, {"192.0.2.41"}));
  EXPECT_THAT(rangesOf(world), ElementsAre("*:443 one.partner.example -> one.partner.example",
                                           "*:443 *.partner.example -> *.partner.example"));
  const auto routing = resolve(world.snapshot);
  EXPECT_EQ(routing.tables.at({}).ranges[0].route->path, Path::kProxy);
}

TEST(Ranges, NarrowerRangesComeFirst) {
  World world;
  world.add(entry("wide.example", "TCP", 80, {"192.0.2.1"}, {"10.0.0.0/8"}))
      .add(entry("narrow.example", "TCP", 80, {"192.0.2.2"}, {"10.1.0.0/16"}));
  EXPECT_THAT(rangesOf(world),
              ElementsAre("10.1.0.0/16:80 narrow.example", "10.0.0.0/8:80 wide.example"));
}

TEST(Ranges, HttpPortsCountOnlyWhereTheAddressDecides) {
  World world;
  world.add(entry("net.example", "HTTP", 80, {"192.0.2.1"}, {"10.0.0.0/8"}));
  EXPECT_THAT(rangesOf(world), ElementsAre("10.0.0.0/8:80 net.example"));
  world.snapshot.agent.http_mode = AgentSettings::HttpMode::kIstio;
  EXPECT_THAT(rangesOf(world), IsEmpty());
}

TEST(Subnets, AreReadAndWritten) {
  EXPECT_EQ(Subnet::parse("10.96.0.13/16")->text(), "10.96.0.0/16");
  EXPECT_EQ(Subnet::parse("10.96.0.13")->text(), "10.96.0.13/32");
  EXPECT_EQ(Subnet::parse("fd00::1/8")->text(), "fd00::/8");
  EXPECT_TRUE(Subnet::parse("10.0.0.0/8")->contains(*IpAddress::parse("10.255.0.1")));
  EXPECT_FALSE(Subnet::parse("10.0.0.0/8")->contains(*IpAddress::parse("11.0.0.1")));
  for (const auto* wrong : {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "a/8", "10.0.0.0/8x"})
    EXPECT_FALSE(Subnet::parse(wrong).ok()) << wrong;
}

TEST(OutboundMode, ClosestSidecarDecidesAndTheMeshBehindThem) {
  using Mode = Sidecar::OutboundMode;
  const auto sidecar = [](const std::string& in, std::optional<Mode> mode, Labels labels = {}) {
    Sidecar result;
    result.metadata = meta("sidecar-" + in + (labels.empty() ? "" : "-selected"), in);
    result.outbound_mode = mode;
    if (!labels.empty()) result.workload_selector = WorkloadSelector{std::move(labels)};
    return result;
  };
  World world;
  world.add(sidecar("istio-system", Mode::kRegistryOnly))
      .add(sidecar("shop", std::nullopt))
      .add(sidecar("shop", Mode::kRegistryOnly, {{"app", "batch"}}))
      .add(test::workload("web", "shop", {{"app", "web"}}))
      .add(test::workload("batch", "shop", {{"app", "batch"}}))
      .add(test::workload("visitor", "other"));
  const auto routing = resolve(world.snapshot);
  const auto modeOf = [&](const std::string& client) {
    return routing.tables.at(routing.workload_class.at(client)).outbound_mode;
  };
  EXPECT_EQ(modeOf("shop/web"), Mode::kAllowAny);
  EXPECT_EQ(modeOf("shop/batch"), Mode::kRegistryOnly);
  EXPECT_EQ(modeOf("other/visitor"), Mode::kRegistryOnly);
}

}  // namespace
}  // namespace sluice::routing
