// SPDX-License-Identifier: Apache-2.0
// networking.istio.io, VirtualService: what an HTTP rule does with the requests it is for.
#include <array>

#include "userspace/model/grpc_status.h"
#include "userspace/source/istio_codecs.h"

namespace sluice::source {
namespace {

/// protobuf: int32.
constexpr double kLargestInt32 = 2147483647;

/// Istio: "gRPC status … is not supported", the empty one included.
std::optional<std::string> grpcStatusComplaint(std::string_view name) {
  if (grpcStatusNumber(name)) return std::nullopt;
  return "must be the name of a gRPC status, such as UNAVAILABLE";
}

}  // namespace

template <>
struct EnumNames<HttpRedirect::DerivePort> {
  using DerivePort = HttpRedirect::DerivePort;
  static constexpr std::array<std::pair<std::string_view, DerivePort>, 2> kNames = {{
      {"FROM_PROTOCOL_DEFAULT", DerivePort::kFromProtocolDefault},
      {"FROM_REQUEST_PORT", DerivePort::kFromRequestPort},
  }};
};

template <>
struct EnumNames<CorsPolicy::UnmatchedPreflights> {
  using Preflights = CorsPolicy::UnmatchedPreflights;
  static constexpr std::array<std::pair<std::string_view, Preflights>, 3> kNames = {{
      {"UNSPECIFIED", Preflights::kUnspecified},
      {"FORWARD", Preflights::kForward},
      {"IGNORE", Preflights::kIgnore},
  }};
};

template <>
Message define<Destination>() {
  using M = Destination;
  return MessageOf<M>(
      "Destination",
      {
          field<&M::host>("host", "The service; without a dot, one of the rule's namespace.")
              .required(),
          field<&M::subset>("subset", "Subset of a DestinationRule; absent: all endpoints."),
          field<&M::port, PortSelector>("port",
                                        "Port of the service; absent: the one that was called."),
      });
}

template <>
Message define<HeaderOperations>() {
  using M = HeaderOperations;
  return MessageOf<M>("HeaderOperations",
                      {
                          field<&M::set>("set", "Headers to overwrite."),
                          field<&M::add>("add", "Headers to append."),
                          field<&M::remove>("remove", "Names of headers to remove, first of all."),
                      });
}

template <>
Message define<Headers>() {
  using M = Headers;
  return MessageOf<M>("Headers",
                      {
                          field<&M::request>("request", "What changes in the request."),
                          field<&M::response>("response", "What changes in the response."),
                      });
}

template <>
Message define<RouteDestination>() {
  using M = RouteDestination;
  return MessageOf<M>("HTTPRouteDestination",
                      {
                          field<&M::destination>("destination", "Where the share goes.").required(),
                          field<&M::weight>("weight", "Share, relative to the other weights.")
                              .within(range(0, kLargestInt32)),
                          field<&M::headers>("headers", "Changes of what takes this way."),
                      });
}

template <>
Message define<HttpRedirect>() {
  using M = HttpRedirect;
  return MessageOf<M>(
             "HTTPRedirect",
             {
                 field<&M::uri>("uri", "Path to go to; absent: the request's."),
                 field<&M::prefix_rewrite>("prefixRewrite", "Replaces the prefix that matched."),
                 field<&M::authority>("authority", "Host to go to; absent: the request's."),
                 field<&M::port>("port", "Port to go to."),
                 field<&M::derive_port>("derivePort", "How the port follows from the request."),
                 field<&M::scheme>("scheme", "http or https; absent: the request's."),
                 field<&M::redirect_code, UnlessZero<int>>("redirectCode", "Status of the answer.")
                     .byDefault("301"),
             })
      .oneOf({"port", "derivePort"});
}

template <>
Message define<HttpDirectResponse>() {
  using M = HttpDirectResponse;
  return MessageOf<M>("HTTPDirectResponse",
                      {
                          field<&M::status>("status", "Status of the answer.").required(),
                          field<&M::body, HttpBody>("body", "Body of the answer; absent: empty."),
                      });
}

template <>
Message define<Delegate>() {
  using M = Delegate;
  return MessageOf<M>(
      "Delegate", {
                      field<&M::name>("name", "VirtualService without hosts that has the rules."),
                      field<&M::namespace_>("namespace", "Its namespace; absent: this one's."),
                  });
}

template <>
Message define<RegexRewrite>() {
  using M = RegexRewrite;
  return MessageOf<M>("RegexRewrite",
                      {
                          field<&M::match>("match", "RE2 expression; every match is replaced."),
                          field<&M::rewrite>("rewrite", "Replacement; \\1 and so on are captures."),
                      });
}

template <>
Message define<HttpRewrite>() {
  using M = HttpRewrite;
  return MessageOf<M>(
      "HTTPRewrite",
      {
          field<&M::uri>("uri", "Replaces the prefix that matched, or the whole path."),
          field<&M::authority>("authority", "Host header for the destination."),
          field<&M::uri_regex_rewrite>("uriRegexRewrite", "Replaces what matches in the path."),
      });
}

template <>
Message define<HttpRetry>() {
  using M = HttpRetry;
  return MessageOf<M>(
      "HTTPRetry",
      {
          field<&M::attempts>("attempts", "Retries at most; 0: none."),
          field<&M::per_try_timeout>("perTryTimeout", "Time for one try; absent: the timeout.")
              .within(atLeastOneMillisecond()),
          field<&M::retry_on>("retryOn", "Words and status codes, split at commas.")
              .byDefault("connect-failure,refused-stream,unavailable,cancelled"),
          field<&M::retry_remote_localities>("retryRemoteLocalities",
                                             "Whether retries may leave the locality.")
              .byDefault("false"),
          field<&M::retry_ignore_previous_hosts>("retryIgnorePreviousHosts",
                                                 "Whether retries avoid endpoints already tried.")
              .byDefault("true"),
          field<&M::backoff>("backoff", "Base of the exponential wait between tries.")
              .within(atLeastOneMillisecond())
              .byDefault("25ms"),
      });
}

// `percent` stands before `percentage`: of both, the later one holds.
template <>
Message define<Delay>() {
  using M = Delay;
  return MessageOf<M>(
             "Delay",
             {
                 field<&M::percentage, WholePercent>("percent", "Share of requests to delay.")
                     .alias()
                     .reportedAsDeprecated("percentage.value"),
                 field<&M::fixed_delay>("fixedDelay", "How long the request waits.")
                     .within(atLeastOneMillisecond()),
                 field<&M::exponential_delay>("exponentialDelay", "Refused, as Istio does.")
                     .within(atLeastOneMillisecond()),
                 field<&M::percentage>("percentage", "Share of requests to delay.").byDefault("0"),
             })
      .oneOf({"fixedDelay", "exponentialDelay"});
}

template <>
Message define<Abort>() {
  using M = Abort;
  return MessageOf<M>(
             "Abort",
             {
                 field<&M::http_status>("httpStatus", "Status to answer, 200 to 600."),
                 field<&M::grpc_status>("grpcStatus", "Name of the gRPC status to answer.")
                     .within(textRule(grpcStatusComplaint)),
                 field<&M::http2_error>("http2Error", "Refused, as Istio does."),
                 field<&M::percentage>("percentage", "Share of requests to abort.").byDefault("0"),
             })
      .oneOf({"httpStatus", "grpcStatus", "http2Error"});
}

template <>
Message define<HttpFaultInjection>() {
  using M = HttpFaultInjection;
  return MessageOf<M>("HTTPFaultInjection",
                      {
                          field<&M::delay>("delay", "Lets requests wait; decided before abort."),
                          field<&M::abort>("abort", "Answers requests without forwarding them."),
                      });
}

template <>
Message define<HttpMirrorPolicy>() {
  using M = HttpMirrorPolicy;
  return MessageOf<M>(
      "HTTPMirrorPolicy",
      {
          field<&M::destination>("destination", "Who gets a copy of the request.").required(),
          field<&M::percentage>("percentage", "Share of requests to copy.").byDefault("100"),
      });
}

template <>
Message define<CorsPolicy>() {
  using M = CorsPolicy;
  return MessageOf<M>(
      "CorsPolicy",
      {
          field<&M::allow_origin>("allowOrigin", "Origins, exactly.").deprecated("allowOrigins"),
          field<&M::allow_origins>("allowOrigins", "Origins; exact \"*\" allows all of them."),
          field<&M::allow_methods>("allowMethods", "Methods for Access-Control-Allow-Methods."),
          field<&M::allow_headers>("allowHeaders", "Headers for Access-Control-Allow-Headers."),
          field<&M::expose_headers>("exposeHeaders", "Headers that scripts may read."),
          field<&M::max_age>("maxAge", "How long a preflight is remembered, in whole seconds.")
              .within(atLeastOneMillisecond()),
          field<&M::allow_credentials>("allowCredentials", "Whether credentials may be sent."),
          field<&M::unmatched_preflights>("unmatchedPreflights",
                                          "What becomes of preflights of other origins.")
              .byDefault("FORWARD"),
      });
}

template <>
Message define<HttpRoute>() {
  using M = HttpRoute;
  return MessageOf<M>(
      "HTTPRoute",
      {
          field<&M::name>("name", "Name of the rule, for logs."),
          field<&M::match>("match", "Conditions, any of which suffices; absent: all requests."),
          field<&M::route>("route", "Destinations and their shares."),
          field<&M::redirect>("redirect", "Answers with a redirect."),
          field<&M::direct_response>("directResponse", "Answers with this."),
          field<&M::delegate>("delegate", "Another VirtualService has the rules."),
          field<&M::rewrite>("rewrite", "Changes of path and host before forwarding."),
          field<&M::timeout>("timeout", "Time for the whole request, retries included.")
              .within(atLeastOneMillisecond())
              .byDefault("none"),
          field<&M::retries>("retries", "How failed tries are repeated; absent: the mesh's."),
          field<&M::fault>("fault", "Faults to inject."),
          field<&M::mirror>("mirror", "Who gets a copy of the request."),
          field<&M::mirrors>("mirrors", "Several who get a copy; instead of mirror."),
          field<&M::mirror_percent>("mirrorPercent", "Share of requests to mirror.")
              .deprecated("mirrorPercentage"),
          field<&M::mirror_percent>("mirror_percent", "Share of requests to mirror.")
              .alias()
              .deprecated("mirrorPercentage"),
          field<&M::mirror_percentage>("mirrorPercentage", "Share of requests to mirror.")
              .byDefault("100"),
          field<&M::cors_policy>("corsPolicy", "Cross-origin requests."),
          field<&M::headers>("headers", "Changes of headers."),
      });
}

}  // namespace sluice::source
