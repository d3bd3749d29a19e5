// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/traffic.h"

#include <gtest/gtest.h>

#include "maps/tables.hpp"
#include "tests/support/memory_data_plane.h"
#include "userspace/observe/scrape.h"

namespace sluice::observe {
namespace {

class TrafficTest : public testing::Test {
 protected:
  void nameId(uint32_t kind, uint32_t id, const std::string& text) {
    name value{};
    text.copy(value.text, sizeof(value.text) - 1);
    ASSERT_TRUE(maps::View<Table::kNames>(data_plane_).put({kind, id}, value).ok());
  }

  template <Table table>
  void connections(uint32_t id, uint64_t opened) {
    connection_stats stats{};
    stats.opened = opened;
    ASSERT_TRUE(maps::View<table>(data_plane_).put(id, stats).ok());
  }

  template <Table table>
  void answered(uint32_t id, uint64_t count) {
    auto* stats = maps::View<table>(data_plane_).shared(id);
    ASSERT_NE(stats, nullptr);
    stats->responses[2] = stats->requests = count;
  }

  test::MemoryDataPlane data_plane_;
};

TEST_F(TrafficTest, UnitesFamiliesAndClientClassesOfAService) {
  nameId(NAME_BINDING, 1, "a.default.svc.cluster.local:80/v4");
  nameId(NAME_BINDING, 2, "a.default.svc.cluster.local:80/v4#class 3");
  nameId(NAME_BINDING, 3, "a.default.svc.cluster.local:80/v6");
  connections<Table::kServiceStats>(1, 10);
  connections<Table::kServiceStats>(2, 5);
  answered<Table::kServiceRequests>(3, 7);
  const auto traffic = readTraffic(data_plane_);
  ASSERT_TRUE(traffic.ok());
  ASSERT_EQ(traffic->services.size(), 1u);
  EXPECT_EQ(traffic->services[0].service, "a.default.svc.cluster.local:80");
  EXPECT_EQ(traffic->services[0].counters.connections.opened, 15u);
  EXPECT_EQ(traffic->services[0].counters.requests.responses[2], 7u);
}

TEST_F(TrafficTest, SplitsTheNamesOfClusters) {
  nameId(NAME_CLUSTER, 4, "outbound|80|v1|a.default.svc.cluster.local@default/a/v4");
  nameId(NAME_CLUSTER, 5, "outbound|80||a.default.svc.cluster.local/v4");
  connections<Table::kClusterStats>(4, 3);
  const auto traffic = readTraffic(data_plane_);
  ASSERT_TRUE(traffic.ok());
  ASSERT_EQ(traffic->clusters.size(), 2u);
  EXPECT_EQ(traffic->clusters[0].subset, "");
  EXPECT_EQ(traffic->clusters[1].host, "a.default.svc.cluster.local");
  EXPECT_EQ(traffic->clusters[1].port, "80");
  EXPECT_EQ(traffic->clusters[1].subset, "v1");
  EXPECT_EQ(traffic->clusters[1].counters.connections.opened, 3u);
}

TEST_F(TrafficTest, EndpointsShowWhatLivesNow) {
  nameId(NAME_ENDPOINT, 9, "10.0.0.1:8080");
  ASSERT_TRUE(maps::View<Table::kEndpointLoad>(data_plane_).put(9, {4, 0}).ok());
  const auto traffic = readTraffic(data_plane_);
  ASSERT_TRUE(traffic.ok());
  ASSERT_EQ(traffic->endpoints.size(), 1u);
  EXPECT_EQ(traffic->endpoints[0].address, "10.0.0.1:8080");
  EXPECT_EQ(traffic->endpoints[0].active, 4u);
}

TEST_F(TrafficTest, ScrapeShowsServicesDestinationsReasonsAndTheAgent) {
  nameId(NAME_BINDING, 1, "a:80/v4");
  nameId(NAME_CLUSTER, 2, "outbound|80|v1|a/v4");
  answered<Table::kServiceRequests>(1, 12);
  answered<Table::kClusterRequests>(2, 11);
  ASSERT_TRUE(maps::View<Table::kReasons>(data_plane_).put(REASON_STEERED, 8).ok());
  AgentFacts facts;
  facts.revision = 5;
  facts.last_success = std::chrono::system_clock::time_point(std::chrono::milliseconds(1500));
  facts.rejected_resources = 2;
  facts.workloads_pending = 1;
  facts.neighbours = {{"SLU5001", 2}};
  // What differs between clients adds up.
  facts.clusters = {{"outbound|80|v1|a", 1, 2, 3, 4}, {"outbound|80|v1|a@dr", 1, 1, 1, 1}};
  facts.proxy_events = {{"retries", 3}};
  facts.proxy_connections = 4;
  facts.names = {.resolved = 6, .unresolved = 7, .answered = 8, .empty = 9, .failed = 10};
  const auto page = scrape(data_plane_, facts);
  ASSERT_TRUE(page.ok());
  const std::string destination = "{host=\"a\",port=\"80\",subset=\"v1\",code_class=\"2xx\"} 11\n";
  for (const std::string& line :
       {std::string("sluice_requests_total{service=\"a:80\",code_class=\"2xx\"} 12\n"),
        "sluice_cluster_requests_total" + destination,
        std::string("sluice_cluster_ejected_endpoints{host=\"a\",port=\"80\",subset=\"v1\"} 2\n"),
        std::string("sluice_cluster_ejections_total{host=\"a\",port=\"80\",subset=\"v1\"} 3\n"),
        std::string(
            "sluice_cluster_held_ejections_total{host=\"a\",port=\"80\",subset=\"v1\"} 4\n"),
        std::string("sluice_cluster_overflows_total{host=\"a\",port=\"80\",subset=\"v1\"} 5\n"),
        std::string("sluice_path_total{reason=\"steered\"} 8\n"),
        std::string("sluice_path_total{reason=\"to_proxy\"} 0\n"),
        std::string("sluice_config_revision 5\n"),
        std::string("sluice_config_last_success_timestamp_seconds 1.5\n"),
        std::string("sluice_config_rejected_resources 2\n"),
        std::string("sluice_workloads{state=\"pending\"} 1\n"),
        std::string("sluice_workload_neighbours{code=\"SLU5001\"} 2\n"),
        std::string("sluice_proxy_events_total{event=\"retries\"} 3\n"),
        std::string("sluice_proxy_connections 4\n"),
        std::string("sluice_dns_names{state=\"resolved\"} 6\n"),
        std::string("sluice_dns_names{state=\"unresolved\"} 7\n"),
        std::string("sluice_dns_lookups_total{result=\"answered\"} 8\n"),
        std::string("sluice_dns_lookups_total{result=\"empty\"} 9\n"),
        std::string("sluice_dns_lookups_total{result=\"failed\"} 10\n")})
    EXPECT_NE(page->find(line), std::string::npos) << line << "is not in\n" << *page;
}

}  // namespace
}  // namespace sluice::observe
