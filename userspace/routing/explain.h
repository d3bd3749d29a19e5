// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// A call to be explained.
struct ExplainRequest {
  std::string from;  ///< "namespace/workload"; a client that is unknown is one of class 0
  std::string host;  ///< any spelling a client of that namespace may use, or a cluster IP
  std::optional<uint16_t> port = {};  ///< absent: the service's only one, else 80
  std::string method = "GET";
  std::string path = "/";
  std::string authority = {};  ///< empty: `host` as given, with the port when it was given
  std::vector<std::pair<std::string, std::string>> headers = {};
};

enum class Action { kRoute, kNotFound, kNoCluster, kNoEndpoints, kPassthrough };

const char* actionName(Action action);  ///< "route", "not_found", "no_cluster", …

struct ExplainedDestination {
  ClusterKey cluster;
  uint32_t weight = 0;
  double share = 0;  ///< of 1
  bool exists = false;
  std::vector<ClusterEndpoint> endpoints;
  std::string destination_rule;  ///< "shop/catalog"; or empty
};

/// What happens to a call, and why. Everything is absent or empty where it does not apply.
struct Explanation {
  Action action = Action::kPassthrough;
  int status = 0;    ///< of the answer that the proxy gives itself
  std::string flag;  ///< Envoy's response flag: "NR", "NC", "UH"
  std::string virtual_service;
  int rule_index = -1;  ///< in spec.http; -1: no rule of a VirtualService
  std::string rule_name;
  std::vector<ExplainedDestination> destinations;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<HttpFaultInjection> fault;
  Path path = Path::kPassthrough;
  std::vector<Reason> reasons;
  std::vector<SkippedRule> skipped;  ///< rules that were not used, before and behind the one
};

/// The service that a client of `client_namespace` calls as `host`; null when it is none of them.
const ServiceRoute* findService(const RouteTable& table, const std::string& client_namespace,
                                const std::string& host, std::optional<uint16_t> port);

/// kInvalid when a regular expression of the rules does not compile.
Result<Explanation> explain(const Routing& routing, const ExplainRequest& request);

}  // namespace sluice::routing
