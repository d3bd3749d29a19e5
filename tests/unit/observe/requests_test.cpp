// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

RequestCounts took(double milliseconds) {
  RequestCounts counts;
  counts.milliseconds.add(milliseconds);
  counts.request_bytes.add(100);
  counts.response_bytes.add(2000);
  return counts;
}

RequestSeries series(int status, std::string subset = "v1") {
  return {.source = "shop/web",
          .host = "api.shop.svc.cluster.local",
          .port = 80,
          .service_namespace = "shop",
          .service_name = "api",
          .subset = std::move(subset),
          .status = status};
}

std::string pageOf(const Requests& requests, MetricsCompat compat) {
  MetricsPage page;
  addRequests(page, requests, compat);
  return page.text();
}

TEST(Histogram, BoundsAreInclusive) {
  Histogram histogram;
  histogram.add(0.5);
  histogram.add(0.6);
  histogram.add(4e6);
  EXPECT_EQ(histogram.counts().front(), 1u);
  EXPECT_EQ(histogram.counts()[1], 1u);
  EXPECT_EQ(histogram.counts().back(), 1u);
  EXPECT_EQ(histogram.count(), 3u);
  EXPECT_DOUBLE_EQ(histogram.sum(), 4e6 + 1.1);
}

TEST(RequestsPage, DurationsAreInSecondsAndBucketsCountThoseBelow) {
  Requests requests;
  requests.series[series(200)] = took(3);
  requests.series[series(201)] = took(300);
  const auto page = pageOf(requests, MetricsCompat::kNone);
  const std::string labels =
      "source=\"shop/web\",service=\"api.shop.svc.cluster.local:80\",subset=\"v1\","
      "code_class=\"2xx\",grpc_status=\"\"";
  EXPECT_THAT(page, HasSubstr("# TYPE sluice_request_duration_seconds histogram\n"));
  const std::string bucket = "sluice_request_duration_seconds_bucket{" + labels;
  EXPECT_THAT(page, HasSubstr(bucket + ",le=\"0.001\"} 0\n"));
  EXPECT_THAT(page, HasSubstr(bucket + ",le=\"0.005\"} 1\n"));
  EXPECT_THAT(page, HasSubstr(bucket + ",le=\"0.5\"} 2\n"));
  EXPECT_THAT(page, HasSubstr(bucket + ",le=\"+Inf\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("sluice_request_duration_seconds_sum{" + labels + "} 0.303\n"));
  EXPECT_THAT(page, HasSubstr("sluice_request_duration_seconds_count{" + labels + "} 2\n"));
}

TEST(RequestsPage, SubsetsClassesAndMissingAnswersAreApart) {
  Requests requests;
  requests.series[series(200)] = took(1);
  requests.series[series(200, "v2")] = took(1);
  requests.series[series(503)] = took(1);
  requests.series[series(0)] = took(1);
  const auto page = pageOf(requests, MetricsCompat::kNone);
  for (const std::string labels :
       {"subset=\"v1\",code_class=\"2xx\"", "subset=\"v2\",code_class=\"2xx\"",
        "subset=\"v1\",code_class=\"5xx\"", "subset=\"v1\",code_class=\"none\""})
    EXPECT_THAT(page, HasSubstr(labels + ",grpc_status=\"\"} 1\n")) << labels;
}

TEST(RequestsPage, CallsOfGrpcHaveTheirStatus) {
  Requests requests;
  auto call = series(200);
  call.grpc = true;
  for (const int status : {0, 14}) {
    call.grpc_status = status;
    requests.series[call] = took(1);
  }
  const auto page = pageOf(requests, MetricsCompat::kIstio);
  for (const std::string status : {"0", "14"}) {
    EXPECT_THAT(page, HasSubstr("code_class=\"2xx\",grpc_status=\"" + status + "\"} 1\n"));
    EXPECT_THAT(page,
                HasSubstr("request_protocol=\"grpc\",response_flags=\"-\",connection_security_"
                          "policy=\"none\",response_code=\"200\",grpc_response_status=\"" +
                          status + "\"} 1\n"));
  }
}

TEST(RequestsPage, IstiosNamesOnlyOnRequest) {
  Requests requests;
  auto failed = series(503);
  failed.flags = "UF";
  requests.series[failed] = took(30);
  requests.sources["shop/web"] = SourceLabels::of("web", {{"app", "web-app"}});
  EXPECT_THAT(pageOf(requests, MetricsCompat::kNone), Not(HasSubstr("istio_")));
  const auto page = pageOf(requests, MetricsCompat::kIstio);
  const std::string unknown = "=\"unknown\",";
  std::string labels =
      "{reporter=\"source\",source_workload=\"web\",source_workload_namespace=\"shop\"," +
      ("source_principal" + unknown) + "source_app=\"web-app\",source_version" + unknown +
      "source_cluster" + unknown +
      "source_canonical_service=\"web-app\",source_canonical_revision=\"latest\",";
  for (const char* what : {"workload", "workload_namespace", "principal", "app", "version",
                           "cluster", "canonical_service", "canonical_revision"})
    labels += std::string("destination_") + what + unknown;
  labels +=
      "destination_service=\"api.shop.svc.cluster.local\",destination_service_name=\"api\","
      "destination_service_namespace=\"shop\",request_protocol=\"http\",response_flags=\"UF\","
      "connection_security_policy=\"none\",response_code=\"503\",grpc_response_status=\"\"";
  EXPECT_THAT(page, HasSubstr("istio_requests_total" + labels + "} 1\n"));
  EXPECT_THAT(page, HasSubstr("istio_request_duration_milliseconds_sum" + labels + "} 30\n"));
  EXPECT_THAT(page, HasSubstr("istio_request_bytes_sum" + labels + "} 100\n"));
  EXPECT_THAT(page, HasSubstr("istio_response_bytes_bucket" + labels + ",le=\"2500\"} 1\n"));
}

/// Subsets are one series of Istio's: they have no label of it.
TEST(RequestsPage, IstiosSeriesAreEachNamedOnce) {
  Requests requests;
  requests.series[series(200)] = took(1);
  requests.series[series(200, "v2")] = took(1);
  const auto page = pageOf(requests, MetricsCompat::kIstio);
  const auto first = page.find("\nistio_requests_total{");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(page.find("\nistio_requests_total{", first + 1), std::string::npos) << page;
  EXPECT_THAT(page, HasSubstr("response_code=\"200\",grpc_response_status=\"\"} 2\n"));
}

/// What Kiali's graph groups by; it leaves out series that lack one that is not optional.
TEST(RequestsPage, KialiFindsItsLabels) {
  Requests requests;
  requests.series[series(200)] = took(1);
  requests.connections[series(0)] = {.opened = 2, .closed = 1};
  const auto page = pageOf(requests, MetricsCompat::kIstio);
  const auto lineOf = [&](const std::string& name) {
    const auto at = page.find("\n" + name + "{");
    return at == std::string::npos ? "" : page.substr(at, page.find('\n', at + 1) - at);
  };
  for (const char* name : {"istio_requests_total", "istio_tcp_connections_opened_total",
                           "istio_tcp_sent_bytes_total", "istio_tcp_received_bytes_total"})
    for (const std::string label :
         {"source_cluster", "source_workload_namespace", "source_workload",
          "source_canonical_service", "source_canonical_revision", "destination_cluster",
          "destination_service_namespace", "destination_service", "destination_service_name",
          "destination_workload_namespace", "destination_workload", "destination_canonical_service",
          "destination_canonical_revision", "request_protocol", "response_flags",
          "connection_security_policy"})
      EXPECT_THAT(lineOf(name),
                  AnyOf(HasSubstr("{" + label + "=\""), HasSubstr("," + label + "=\"")))
          << name;
}

TEST(RequestsPage, ConnectionsWithoutHttpAreTcp) {
  Requests requests;
  requests.connections[series(0)] = {
      .opened = 3, .closed = 2, .sent_bytes = 50, .received_bytes = 7};
  requests.connections[series(0, "v2")] = {.opened = 1};
  EXPECT_THAT(pageOf(requests, MetricsCompat::kNone), Not(HasSubstr("_tcp_")));
  const auto page = pageOf(requests, MetricsCompat::kIstio);
  const std::string end =
      "request_protocol=\"tcp\",response_flags=\"-\",connection_security_policy=\"none\"} ";
  const auto valueOf = [&](const std::string& name) {
    const auto line = page.find("\nistio_tcp_" + name + "{");
    const auto at = page.find(end, line);
    return at == std::string::npos ? -1 : std::stoi(page.substr(at + end.size()));
  };
  EXPECT_EQ(valueOf("connections_opened_total"), 4);
  EXPECT_EQ(valueOf("connections_closed_total"), 2);
  EXPECT_EQ(valueOf("sent_bytes_total"), 50);
  EXPECT_EQ(valueOf("received_bytes_total"), 7);
}

TEST(SourceLabels, CanonicalNamesAreIstios) {
  const auto plain = SourceLabels::of("web", {});
  EXPECT_EQ(plain.canonical_service, "web");
  EXPECT_EQ(plain.canonical_revision, "latest");
  EXPECT_EQ(plain.app, "");
  Labels labels{{"app", "a"}, {"version", "v1"}};
  EXPECT_EQ(SourceLabels::of("web", labels).canonical_service, "a");
  EXPECT_EQ(SourceLabels::of("web", labels).canonical_revision, "v1");
  labels["app.kubernetes.io/name"] = "k";
  labels["app.kubernetes.io/version"] = "2";
  EXPECT_EQ(SourceLabels::of("web", labels).canonical_service, "k");
  EXPECT_EQ(SourceLabels::of("web", labels).canonical_revision, "2");
  labels["service.istio.io/canonical-name"] = "c";
  labels["service.istio.io/canonical-revision"] = "3";
  EXPECT_EQ(SourceLabels::of("web", labels).canonical_service, "c");
  EXPECT_EQ(SourceLabels::of("web", labels).canonical_revision, "3");
  EXPECT_EQ(SourceLabels::of("web", labels).version, "v1");
}

}  // namespace
}  // namespace sluice::observe
