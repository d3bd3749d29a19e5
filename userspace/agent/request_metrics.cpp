// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/request_metrics.h"

#include <chrono>
#include <functional>
#include <string_view>
#include <utility>

#include "userspace/proxy/config.h"

namespace sluice::agent {
namespace {

using observe::RequestCounts;
using observe::RequestSeries;
using proxy::RequestRecord;

RequestSeries seriesOf(const RequestRecord& record) {
  RequestSeries series{.source = {}, .host = "unknown"};
  series.grpc = record.grpc;
  series.grpc_status = record.grpc_status;
  series.status = record.status;
  series.flags = record.flags.text();
  if (record.route != nullptr) {
    const auto& route = *record.route->route;
    series.host = route.service.host;
    series.port = route.service.port;
    series.service_namespace = route.service_namespace;
    series.service_name = route.service_name;
  }
  if (record.cluster != nullptr && record.cluster->cluster)
    series.subset = record.cluster->cluster->key.subset;
  return series;
}

/// Adds `all` to `sums`, with the names of the sources, which must be known.
template <typename Counts>
void addNamed(const std::map<WorkloadId, std::map<RequestSeries, Counts>>& all,
              const std::map<WorkloadId, std::string>& names,
              std::map<RequestSeries, Counts>& sums) {
  for (const auto& [source, counted] : all)
    for (const auto& [series, counts] : counted) {
      RequestSeries named = series;
      named.source = names.at(source);
      sums[std::move(named)] += counts;
    }
}

}  // namespace

size_t RequestMetrics::HashOfMet::operator()(const Met& met) const {
  const uintptr_t parts[] = {met.source.value,
                             reinterpret_cast<uintptr_t>(met.route),
                             reinterpret_cast<uintptr_t>(met.cluster),
                             static_cast<uintptr_t>(met.status),
                             met.grpc,
                             static_cast<uintptr_t>(met.grpc_status),
                             met.flags.bits()};
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(parts), sizeof(parts)});
}

void RequestMetrics::record(const RequestRecord& record) {
  const std::lock_guard lock(mutex_);
  if (record.opaque) {
    auto& counts = connectionsLike(record);
    ++counts.closed;
    counts.sent_bytes += record.response_bytes;
    counts.received_bytes += record.request_bytes;
    return;
  }
  auto* counts = countsOf(record);
  if (counts == nullptr) {
    ++uncounted_;
    return;
  }
  counts->milliseconds.add(std::chrono::duration<double, std::milli>(record.duration).count());
  counts->request_bytes.add(static_cast<double>(record.request_bytes));
  counts->response_bytes.add(static_cast<double>(record.response_bytes));
}

void RequestMetrics::opened(const RequestRecord& record) {
  const std::lock_guard lock(mutex_);
  ++connectionsLike(record).opened;
}

/// Names are compared for each: a connection is no request.
observe::ConnectionCounts& RequestMetrics::connectionsLike(const RequestRecord& record) {
  return connections_[record.workload][seriesOf(record)];
}

RequestCounts* RequestMetrics::countsOf(const RequestRecord& record) {
  const bool stale = std::exchange(generation_, record.generation) != record.generation;
  if (stale || met_.size() >= kMaxSeries) met_.clear();
  const Met met{record.workload, record.route,       record.cluster, record.status,
                record.grpc,     record.grpc_status, record.flags};
  const auto [known, is_new] = met_.try_emplace(met);
  if (is_new) known->second = find(record.workload, seriesOf(record));
  return known->second;
}

/// Null: there is no room for another.
RequestCounts* RequestMetrics::find(WorkloadId source, RequestSeries series) {
  auto& of_source = series_[source];
  const auto known = of_source.find(series);
  if (known != of_source.end()) return &known->second;
  if (size_ >= kMaxSeries) return nullptr;
  ++size_;
  return &of_source[std::move(series)];
}

void RequestMetrics::collect(const std::map<WorkloadId, std::string>& names,
                             observe::Requests& sum) {
  const std::lock_guard lock(mutex_);
  const auto is_gone = [&](const auto& entry) { return !names.contains(entry.first); };
  std::erase_if(connections_, is_gone);
  if (std::erase_if(series_, is_gone) > 0) {
    met_.clear();
    size_ = 0;
    for (const auto& [source, series] : series_) size_ += series.size();
  }
  addNamed(series_, names, sum.series);
  addNamed(connections_, names, sum.connections);
  sum.uncounted += uncounted_;
}

}  // namespace sluice::agent
