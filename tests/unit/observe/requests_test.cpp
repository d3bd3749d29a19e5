// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

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
    EXPECT_THAT(page, HasSubstr("request_protocol=\"grpc\",response_code=\"200\","
                                "grpc_response_status=\"" +
                                status + "\""));
  }
}

TEST(RequestsPage, IstiosNamesOnlyOnRequest) {
  Requests requests;
  auto failed = series(503);
  failed.flags = "UF";
  requests.series[failed] = took(30);
  EXPECT_THAT(pageOf(requests, MetricsCompat::kNone), Not(HasSubstr("istio_")));
  const auto page = pageOf(requests, MetricsCompat::kIstio);
  const std::string labels =
      "{reporter=\"source\",source_workload=\"web\",source_workload_namespace=\"shop\","
      "destination_service=\"api.shop.svc.cluster.local\",destination_service_name=\"api\","
      "destination_service_namespace=\"shop\",request_protocol=\"http\",response_code=\"503\","
      "grpc_response_status=\"\",response_flags=\"UF\",connection_security_policy=\"none\"";
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
  EXPECT_THAT(page, HasSubstr("connection_security_policy=\"none\"} 2\n"));
}

}  // namespace
}  // namespace sluice::observe
