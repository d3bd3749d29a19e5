// SPDX-License-Identifier: Apache-2.0
// What would happen to a call, and why, without sending it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/routing/route_table.h"

namespace sluice::routing {

/// What the client sends first.
enum class CallProtocol { kHttp, kTcp, kTls };

const char* callProtocolName(CallProtocol protocol);  ///< "http", "tcp", "tls"
std::optional<CallProtocol> callProtocolNamed(std::string_view name);

/// A call to be explained.
struct ExplainRequest {
  std::string from;  ///< "namespace/workload"; a client that is unknown is one of class 0
  std::string host;  ///< any spelling a client of that namespace may use, or an address
  std::optional<uint16_t> port = {};  ///< absent: the service's only one, else 80 (TLS: 443)
  std::string method = "GET";
  std::string path = "/";
  std::string authority = {};  ///< empty: `host` as given, with the port when it was given
  std::vector<std::pair<std::string, std::string>> headers = {};
  CallProtocol protocol = CallProtocol::kHttp;
  std::string sni = {};  ///< kTls: the server name that is asked for; may be empty
  /// Names have been looked up: one that is still a name stands for nobody. Else it is taken for
  /// somebody.
  bool names_are_resolved = false;
};

enum class Action {
  kRoute,
  kRedirect,
  kDirectResponse,  ///< the proxy answers: as the rule says, an abort, a preflight, REGISTRY_ONLY
  kNotFound,
  kNoCluster,
  kNoEndpoints,
  kPassthrough,  ///< to the address that was called, past all rules
  kRefused       ///< the connection is closed without an answer
};

const char* actionName(Action action);  ///< "route", "redirect", "direct_response", …

struct ExplainedDestination {
  ClusterKey cluster;
  uint32_t weight = 0;
  double share = 0;     ///< of 1
  bool exists = false;  ///< if not, `missing` says why
  std::string missing;
  bool keeps_address = false;  ///< the endpoint is the address that was called
  std::vector<ClusterEndpoint> endpoints;
  std::vector<UnresolvedEndpoint> unresolved;
  std::string destination_rule;        ///< "shop/catalog"; or empty
  std::string destination_rule_found;  ///< "the client's namespace", …
  ClusterPolicy policy;
  bool lacks_hash_key = false;  ///< the policy hashes, and the route names no port to take a key by
  Headers headers;        ///< of this destination alone; those of the rule are the explanation's
  std::string authority;  ///< that is sent; empty: the request's
  friend bool operator==(const ExplainedDestination&, const ExplainedDestination&) = default;
};

/// What the called name stands for.
struct ExplainedService {
  std::string host;  ///< empty: no service
  uint16_t port = 0;
  Protocol protocol = Protocol::kUnknown;
  std::string how;  ///< "the short name of a service in the client's own namespace", …
};

struct ExplainedMirror {
  ExplainedDestination destination;
  Percent percentage;
  std::string
      from;  ///< the rule that it was written in, "VirtualService/shop/catalog spec.http[0]"
};

/// What happens to a call, and why. Everything is absent or empty where it does not apply.
struct Explanation {
  Action action = Action::kPassthrough;
  int status = 0;    ///< of the answer that the proxy gives itself
  std::string flag;  ///< Envoy's response flags: "NR", "NC", "UH", "DI,FI"
  std::string to;    ///< kPassthrough: "10.96.0.10:80", or the name that was called
  ExplainedService service;
  std::string virtual_service;
  int rule_index = -1;  ///< in the list `rule_list`; -1: no rule of a VirtualService
  std::string rule_list = "http";
  std::string rule_name;
  std::string delegate;  ///< "billing/leaf": the rule stands there
  std::vector<LosingService> losers;
  std::vector<ExplainedDestination> destinations;

  // What the rule does.
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<Sourced<HttpRetry>> retries;  ///< those that hold; absent: there are none
  Rare<HttpFaultInjection> fault;
  std::vector<ExplainedMirror> mirrors;
  Rare<CorsPolicy> cors;
  Headers headers;  ///< of the rule
  /// Where timeout, fault, corsPolicy and headers were written, by these names:
  /// "VirtualService/shop/catalog spec.http[0].timeout". A rule of a delegate has some of them of
  /// the rule that delegates to it.
  std::map<std::string, std::string> places;
  /// The authority only where it is the same for every destination.
  std::optional<std::string> rewritten_path, rewritten_authority;
  std::string upstream_path;  ///< of a forwarded request: normalised, rewritten
  std::string location;       ///< kRedirect
  std::optional<std::string> body;
  std::optional<int> grpc_status;
  std::vector<std::pair<std::string, std::string>> response_headers;  ///< that CORS adds

  Path path = Path::kPassthrough;
  std::vector<Reason> reasons;
  std::vector<SkippedRule> skipped;  ///< rules that were not used, before and behind the one
  std::vector<std::string> warnings;
};

/// kInvalid when a regular expression of the rules does not compile.
Result<Explanation> explain(const Routing& routing, const ExplainRequest& request);

}  // namespace sluice::routing
