// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/istio_metrics.h"

#include <initializer_list>
#include <utility>
#include <vector>

namespace sluice::observe {
namespace {

constexpr std::string_view kUnknown = "unknown";

std::string_view orUnknown(std::string_view text) { return text.empty() ? kUnknown : text; }

using Values = std::vector<std::string_view>;

/// From destination_workload to destination_canonical_revision: of which workload an endpoint is
/// a part is not kept.
constexpr size_t kUnknownOfDestination = 8;

/// Values of ISTIO_PEERS (metrics.def); borrows from both.
Values peersOf(const RequestSeries& series, const SourceLabels& source, std::string_view protocol) {
  const auto slash = series.source.find('/');
  const auto source_namespace = std::string_view(series.source).substr(0, slash);
  const auto workload = std::string_view(series.source).substr(slash + 1);
  const auto principal = kUnknown, cluster = kUnknown;
  Values values{"source",
                workload,
                source_namespace,
                principal,
                orUnknown(source.app),
                orUnknown(source.version),
                cluster,
                orUnknown(source.canonical_service),
                orUnknown(source.canonical_revision)};
  values.insert(values.end(), kUnknownOfDestination, kUnknown);
  values.insert(values.end(),
                {series.host, orUnknown(series.service_name), orUnknown(series.service_namespace),
                 protocol, series.flags, "none"});
  return values;
}

SourceLabels sourceOf(const Requests& requests, const RequestSeries& series) {
  const auto found = requests.sources.find(series.source);
  return found == requests.sources.end() ? SourceLabels() : found->second;
}

/// Istio's labels name neither the port nor the subset.
template <typename Counts>
std::map<RequestSeries, Counts> byIstiosLabels(const std::map<RequestSeries, Counts>& all) {
  std::map<RequestSeries, Counts> sums;
  for (const auto& [series, counts] : all) {
    RequestSeries known = series;
    known.port = 0;
    known.subset.clear();
    sums[std::move(known)] += counts;
  }
  return sums;
}

void addRequest(MetricsPage& page, Values labels, const RequestSeries& series,
                const RequestCounts& counts) {
  const auto status = std::to_string(series.status);
  const auto grpc_status = grpcStatusText(series.grpc_status);
  labels.insert(labels.end(), {status, grpc_status});
  page.add(Metric::kIstioRequests, labels, static_cast<double>(counts.milliseconds.count()));
  page.add(Metric::kIstioRequestDuration, labels, counts.milliseconds);
  page.add(Metric::kIstioRequestBytes, labels, counts.request_bytes);
  page.add(Metric::kIstioResponseBytes, labels, counts.response_bytes);
}

void addConnection(MetricsPage& page, const Values& labels, const ConnectionCounts& counts) {
  page.add(Metric::kIstioTcpOpened, labels, static_cast<double>(counts.opened));
  page.add(Metric::kIstioTcpClosed, labels, static_cast<double>(counts.closed));
  page.add(Metric::kIstioTcpSent, labels, static_cast<double>(counts.sent_bytes));
  page.add(Metric::kIstioTcpReceived, labels, static_cast<double>(counts.received_bytes));
}

/// The first of these labels that is there; else `otherwise`.
std::string firstOf(const Labels& labels, std::initializer_list<const char*> names,
                    const std::string& otherwise) {
  for (const auto* name : names)
    if (const auto found = labels.find(name); found != labels.end()) return found->second;
  return otherwise;
}

}  // namespace

std::string grpcStatusText(int grpc_status) {
  return grpc_status < 0 ? std::string() : std::to_string(grpc_status);
}

SourceLabels SourceLabels::of(const std::string& name, const Labels& labels) {
  return {
      .app = firstOf(labels, {"app"}, {}),
      .version = firstOf(labels, {"version"}, {}),
      .canonical_service = firstOf(
          labels, {"service.istio.io/canonical-name", "app.kubernetes.io/name", "app"}, name),
      .canonical_revision = firstOf(
          labels, {"service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"},
          "latest")};
}

void addIstioMetrics(MetricsPage& page, const Requests& requests) {
  for (const auto& [series, counts] : byIstiosLabels(requests.series)) {
    const auto source = sourceOf(requests, series);
    addRequest(page, peersOf(series, source, series.grpc ? "grpc" : "http"), series, counts);
  }
  for (const auto& [series, counts] : byIstiosLabels(requests.connections)) {
    const auto source = sourceOf(requests, series);
    addConnection(page, peersOf(series, source, "tcp"), counts);
  }
}

}  // namespace sluice::observe
