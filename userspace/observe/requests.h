// SPDX-License-Identifier: Apache-2.0
// Requests of the proxy by who sent them, what they called and how they ended: rate, errors and
// durations.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "userspace/model/labels.h"
#include "userspace/observe/histogram.h"
#include "userspace/observe/metrics.h"

namespace sluice::observe {

/// What requests are counted apart by. Bounded by the configuration but for `status`, which is the
/// server's.
struct RequestSeries {
  std::string source;                  ///< the workload, "namespace/name"
  std::string host;                    ///< of the service called
  uint16_t port = 0;                   ///< of the service called
  std::string service_namespace = {};  ///< empty: a host of the mesh's outside
  std::string service_name = {};
  std::string subset = {};  ///< of the destination; empty: none, or no destination
  bool grpc = false;        ///< by the request's content type
  int status = 0;           ///< 0: no response
  int grpc_status = -1;     ///< -1: no request of gRPC, or no response
  std::string flags = "-";  ///< Envoy's, "-" without any
  friend auto operator<=>(const RequestSeries&, const RequestSeries&) = default;
};

/// The number of requests is that of each histogram's values.
struct RequestCounts {
  Histogram milliseconds;    ///< from the complete head to the last byte of the response
  Histogram request_bytes;   ///< sent to the server, head included
  Histogram response_bytes;  ///< sent to the client, head included

  RequestCounts& operator+=(const RequestCounts& other);
};

/// Of connections that carry no HTTP.
struct ConnectionCounts {
  uint64_t opened = 0;
  uint64_t closed = 0;
  uint64_t sent_bytes = 0;      ///< to the client, by those that are closed
  uint64_t received_bytes = 0;  ///< from it

  ConnectionCounts& operator+=(const ConnectionCounts& other);
};

/// What Istio's metrics say of a client besides its name. Empty: unknown.
struct SourceLabels {
  std::string app, version;
  std::string canonical_service, canonical_revision;

  /// Istio: a workload is canonically called by the first of some labels, else by its name.
  static SourceLabels of(const std::string& name, const Labels& labels);
};

struct Requests {
  std::map<RequestSeries, RequestCounts> series;
  uint64_t uncounted = 0;  ///< that are in no series, because there are too many
  /// By series that say nothing of a status. As many as the configuration allows.
  std::map<RequestSeries, ConnectionCounts> connections;
  std::map<std::string, SourceLabels> sources;  ///< by RequestSeries::source
};

/// Which names metrics of requests have besides Sluice's own.
enum class MetricsCompat { kNone, kIstio };

/// sluice_request_duration_seconds; with kIstio also Istio's metrics of requests and of TCP with
/// all their labels (https://istio.io/latest/docs/reference/config/metrics), of which those that
/// Sluice cannot know are "unknown".
void addRequests(MetricsPage& page, const Requests& requests, MetricsCompat compat);

}  // namespace sluice::observe
