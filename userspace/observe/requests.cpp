// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/requests.h"

#include <tuple>

#include "userspace/observe/istio_metrics.h"

namespace sluice::observe {
namespace {

constexpr double kMillisecondsPerSecond = 1000;

/// "2xx"; "none" without a response.
std::string codeClass(int status) {
  return status == 0 ? "none" : std::to_string(status / 100) + "xx";
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
    page.add(Metric::kRequestDuration,
             {source, service, subset, code_class, grpcStatusText(grpc_status)}, durations,
             kMillisecondsPerSecond);
  }
}

}  // namespace

RequestCounts& RequestCounts::operator+=(const RequestCounts& other) {
  milliseconds.add(other.milliseconds);
  request_bytes.add(other.request_bytes);
  response_bytes.add(other.response_bytes);
  return *this;
}

ConnectionCounts& ConnectionCounts::operator+=(const ConnectionCounts& other) {
  opened += other.opened;
  closed += other.closed;
  sent_bytes += other.sent_bytes;
  received_bytes += other.received_bytes;
  return *this;
}

void addRequests(MetricsPage& page, const Requests& requests, MetricsCompat compat) {
  addOwn(page, requests);
  page.add(Metric::kRequestsUncounted, {}, static_cast<double>(requests.uncounted));
  if (compat == MetricsCompat::kIstio) addIstioMetrics(page, requests);
}

}  // namespace sluice::observe
