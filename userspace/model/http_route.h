// SPDX-License-Identifier: Apache-2.0
// networking.istio.io, VirtualService: the parts of an HTTP rule. Field names are the API's;
// defaults are Istio's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "userspace/base/rare.h"
#include "userspace/base/shared.h"
#include "userspace/model/metadata.h"

namespace sluice {

struct StringMatch {
  enum class Kind { kExact, kPrefix, kRegex, kPresent };  ///< kPresent: `{}`, headers only
  Kind kind = Kind::kExact;
  std::string value;
  friend bool operator==(const StringMatch&, const StringMatch&) = default;
};

/// All conditions hold (Istio: HTTPMatchRequest).
struct HttpMatchRequest {
  std::string name;
  std::optional<StringMatch> uri, scheme, method, authority;
  std::map<std::string, StringMatch> headers;          ///< names in lower case
  std::map<std::string, StringMatch> without_headers;  ///< names in lower case
  std::map<std::string, StringMatch> query_params;
  bool ignore_uri_case = false;
  std::optional<uint16_t> port;
  Labels source_labels;
  std::string source_namespace;
  std::vector<std::string> gateways;
  std::string stat_prefix;
  friend bool operator==(const HttpMatchRequest&, const HttpMatchRequest&) = default;
};

struct Destination {
  std::string host;  ///< as written; routing completes short names
  std::string subset;
  std::optional<uint16_t> port;
  friend bool operator==(const Destination&, const Destination&) = default;
};

/// Carried out in the order remove, set, add (istio-differences: Header operations).
struct HeaderOperations {
  std::map<std::string, std::string> set, add;  ///< names as written
  std::vector<std::string> remove;
  bool empty() const { return set.empty() && add.empty() && remove.empty(); }
  friend bool operator==(const HeaderOperations&, const HeaderOperations&) = default;
};

struct Headers {
  HeaderOperations request, response;
  bool empty() const { return request.empty() && response.empty(); }
  friend bool operator==(const Headers&, const Headers&) = default;
};

/// A share of requests in ten-thousandths of a percent, 0 to 1,000,000, as Istio stores it.
struct Percent {
  uint32_t millionths = 0;
  friend bool operator==(const Percent&, const Percent&) = default;
};

struct RouteDestination {
  Destination destination;
  uint32_t weight = 0;
  Shared<Headers> headers;  ///< http only
  friend bool operator==(const RouteDestination&, const RouteDestination&) = default;
};

/// Only what differs from the request is set.
struct HttpRedirect {
  enum class DerivePort { kFromProtocolDefault, kFromRequestPort };
  std::string uri;  ///< replaces the path; empty: kept
  std::optional<std::string> prefix_rewrite;
  std::string authority;
  std::string scheme;
  std::optional<uint16_t> port;
  std::optional<DerivePort> derive_port;
  int redirect_code = 301;
  friend bool operator==(const HttpRedirect&, const HttpRedirect&) = default;
};

struct HttpDirectResponse {
  int status = 0;
  std::optional<std::string> body;  ///< decoded, when it was written as base64 `bytes`
  friend bool operator==(const HttpDirectResponse&, const HttpDirectResponse&) = default;
};

struct Delegate {
  std::string name;
  std::string namespace_;  // NOLINT(readability-identifier-naming): a keyword; empty: the root's
  friend bool operator==(const Delegate&, const Delegate&) = default;
};

struct RegexRewrite {
  std::string match;    ///< RE2; every match in the path is replaced
  std::string rewrite;  ///< \1 and so on are captures
  friend bool operator==(const RegexRewrite&, const RegexRewrite&) = default;
};

struct HttpRewrite {
  std::string uri;
  std::string authority;
  std::optional<RegexRewrite> uri_regex_rewrite;
  friend bool operator==(const HttpRewrite&, const HttpRewrite&) = default;
};

struct HttpRetry {
  int32_t attempts = 0;
  std::optional<std::chrono::nanoseconds> per_try_timeout;
  std::string retry_on;  ///< words and status codes, split at commas; empty: Istio's default
  std::optional<bool> retry_remote_localities;
  std::optional<bool> retry_ignore_previous_hosts;
  std::optional<std::chrono::nanoseconds> backoff;
  friend bool operator==(const HttpRetry&, const HttpRetry&) = default;
};

struct Delay {
  std::chrono::nanoseconds fixed_delay{};                     ///< 0: absent
  std::optional<std::chrono::nanoseconds> exponential_delay;  ///< refused by validation
  Percent percentage;
  friend bool operator==(const Delay&, const Delay&) = default;
};

/// At most one of the three is set.
struct Abort {
  std::optional<int> http_status;
  std::string grpc_status;  ///< "UNAVAILABLE"
  std::string http2_error;  ///< refused by validation
  Percent percentage;
  friend bool operator==(const Abort&, const Abort&) = default;
};

struct HttpFaultInjection {
  std::optional<Delay> delay;
  std::optional<Abort> abort;
  friend bool operator==(const HttpFaultInjection&, const HttpFaultInjection&) = default;
};

/// An element of `mirrors`, and what `mirror` with its percentages means.
struct HttpMirrorPolicy {
  std::optional<Destination> destination;  ///< validation requires it
  std::optional<Percent> percentage;       ///< absent: all
  friend bool operator==(const HttpMirrorPolicy&, const HttpMirrorPolicy&) = default;
};

struct CorsPolicy {
  enum class UnmatchedPreflights { kUnspecified, kForward, kIgnore };
  std::vector<std::string> allow_origin;  ///< deprecated, exact texts
  std::vector<StringMatch> allow_origins;
  std::vector<std::string> allow_methods, allow_headers, expose_headers;
  std::optional<std::chrono::nanoseconds> max_age;  ///< whole seconds
  std::optional<bool> allow_credentials;
  UnmatchedPreflights unmatched_preflights = UnmatchedPreflights::kUnspecified;
  friend bool operator==(const CorsPolicy&, const CorsPolicy&) = default;
};

struct HttpRoute {
  std::string name;
  std::vector<HttpMatchRequest> match;  ///< any of them; empty: everything
  std::vector<RouteDestination> route;
  Rare<HttpRedirect> redirect;
  Rare<HttpDirectResponse> direct_response;
  Rare<Delegate> delegate;
  Rare<HttpRewrite> rewrite;
  std::optional<std::chrono::nanoseconds> timeout;
  Rare<HttpRetry> retries;
  Rare<HttpFaultInjection> fault;
  Rare<Destination> mirror;
  std::vector<HttpMirrorPolicy> mirrors;
  std::optional<uint32_t> mirror_percent;  ///< deprecated, 0 to 100
  std::optional<Percent> mirror_percentage;
  Rare<CorsPolicy> cors_policy;
  Shared<Headers> headers;
  friend bool operator==(const HttpRoute&, const HttpRoute&) = default;
};

}  // namespace sluice
