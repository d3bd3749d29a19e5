// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/requests.h"

#include <tuple>
#include <utility>

namespace sluice::observe {
namespace {

constexpr double kMillisecondsPerSecond = 1000;

/// "2xx"; "none" without a response.
std::string codeClass(int status) {
  return status == 0 ? "none" : std::to_string(status / 100) + "xx";
}

/// Empty, which Prometheus takes for no label, where there is none.
std::string grpcText(int grpc_status) {
  return grpc_status < 0 ? std::string() : std::to_string(grpc_status);
}

/// By source, service, subset, class of the status and status of gRPC.
using OwnSeries = std::tuple<std::string, std::string, std::string, std::string, int>;

void addOwn(MetricsPage& page, const Requests& requests) {
  std::map<OwnSeries, Histogram> sums;
  for (const auto& [series, counts] : requests.series)
    sums[{series.source, series.host + ":" + std::to_string(series.port), series.subset,
          codeClass(series.status), series.grpc_status}]
        .add(counts.milliseconds);
  for (const auto& [labels, durations] : sums) {
    const auto& [source, service, subset, code_class, grpc_status] = labels;
    page.add(Metric::kRequestDuration, {source, service, subset, code_class, grpcText(grpc_status)},
             durations, kMillisecondsPerSecond);
  }
}

std::string_view orUnknown(std::string_view text) { return text.empty() ? "unknown" : text; }

void addIstio(MetricsPage& page, const RequestSeries& series, const RequestCounts& counts) {
  const auto slash = series.source.find('/');
  const auto source_namespace = std::string_view(series.source).substr(0, slash);
  const auto source = std::string_view(series.source).substr(slash + 1);
  const auto status = std::to_string(series.status);
  const auto grpc_status = grpcText(series.grpc_status);
  const std::initializer_list<std::string_view> labels{"source",
                                                       source,
                                                       source_namespace,
                                                       series.host,
                                                       orUnknown(series.service_name),
                                                       orUnknown(series.service_namespace),
                                                       series.grpc ? "grpc" : "http",
                                                       status,
                                                       grpc_status,
                                                       series.flags,
                                                       "none"};
  page.add(Metric::kIstioRequests, labels, static_cast<double>(counts.milliseconds.count()));
  page.add(Metric::kIstioRequestDuration, labels, counts.milliseconds);
  page.add(Metric::kIstioRequestBytes, labels, counts.request_bytes);
  page.add(Metric::kIstioResponseBytes, labels, counts.response_bytes);
}

/// Istio's labels name neither the port nor the subset.
void addIstio(MetricsPage& page, const Requests& requests) {
  std::map<RequestSeries, RequestCounts> sums;
  for (const auto& [series, counts] : requests.series) {
    RequestSeries known = series;
    known.port = 0;
    known.subset.clear();
    sums[std::move(known)] += counts;
  }
  for (const auto& [series, counts] : sums) addIstio(page, series, counts);
}

}  // namespace

RequestCounts& RequestCounts::operator+=(const RequestCounts& other) {
  milliseconds.add(other.milliseconds);
  request_bytes.add(other.request_bytes);
  response_bytes.add(other.response_bytes);
  return *this;
}

void addRequests(MetricsPage& page, const Requests& requests, MetricsCompat compat) {
  addOwn(page, requests);
  page.add(Metric::kRequestsUncounted, {}, static_cast<double>(requests.uncounted));
  if (compat == MetricsCompat::kIstio) addIstio(page, requests);
}

}  // namespace sluice::observe
