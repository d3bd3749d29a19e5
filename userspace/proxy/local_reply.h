// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "userspace/proxy/channel.h"
#include "userspace/proxy/header_edits.h"
#include "userspace/proxy/response_flags.h"
#include "userspace/routing/cors.h"

namespace sluice::proxy {

/// An answer that the proxy makes itself. The texts are Envoy's.
struct LocalReply {
  int status = 0;
  uint32_t flag = 0;  ///< of ResponseFlags
  std::string_view body = {};
  std::string_view location = {};
  int grpc_status = -1;           ///< for clients that speak gRPC; -1: what the status means there
  bool unedited = false;          ///< the rule's header operations do not concern it
  bool overloaded = false;        ///< Envoy: it says so, x-envoy-overloaded
  std::string_view upgrade = {};  ///< the protocol that is asked for
  std::string_view details = {};  ///< for the log; lives for ever
};

/// Envoy's words for where an answer came from (docs: response_code_details).
namespace details {
inline constexpr std::string_view kViaUpstream = "via_upstream";
inline constexpr std::string_view kDirectResponse = "direct_response";
inline constexpr std::string_view kClientGone = "downstream_remote_disconnect";
inline constexpr std::string_view kTimeout = "response_timeout";
inline constexpr std::string_view kMalformed = "http1.codec_error";
inline constexpr std::string_view kMalformedStream = "http2.violation.of.messaging.rule";
inline constexpr std::string_view kCutByProtocol =
    "upstream_reset_after_response_started{protocol_error}";
inline constexpr std::string_view kHeadTooLarge = "request_headers_too_large";
inline constexpr std::string_view kBodyTooLarge = "request_payload_too_large";
// Envoy: the reasons for which tcp_proxy closes.
inline constexpr std::string_view kTunnelIdle = "tcp_session_idle_timeout";
inline constexpr std::string_view kTunnelTooOld = "max_connection_duration_reached";
}  // namespace details

inline constexpr LocalReply kNoRoute{
    .status = 404, .flag = ResponseFlags::kNoRoute, .details = "route_not_found"};
/// Of a mesh that is closed for what its registry does not name (Istio: REGISTRY_ONLY).
inline constexpr LocalReply kUnknownHost{.status = 502, .details = details::kDirectResponse};
inline constexpr LocalReply kNoCluster{
    .status = 503, .flag = ResponseFlags::kNoCluster, .details = "cluster_not_found"};
inline constexpr LocalReply kNoHealthyUpstream{.status = 503,
                                               .flag = ResponseFlags::kNoHealthyUpstream,
                                               .body = "no healthy upstream",
                                               .details = "no_healthy_upstream"};
inline constexpr LocalReply kConnectFailure{
    .status = 503,
    .flag = ResponseFlags::kUpstreamConnectFailure,
    .body =
        "upstream connect error or disconnect/reset before headers. reset reason: "
        "connection failure",
    .details = "upstream_reset_before_response_started{connection_failure}"};
inline constexpr LocalReply kUnusablePolicy{
    .status = 503,
    .flag = ResponseFlags::kUpstreamConnectFailure,
    .body =
        "upstream connect error or disconnect/reset before headers. reset reason: connection "
        "failure, transport failure reason: the files of the destination's TLS policy cannot "
        "be used",
    .details = "upstream_reset_before_response_started{connection_failure}"};
inline constexpr LocalReply kTermination{
    .status = 503,
    .flag = ResponseFlags::kUpstreamTermination,
    .body =
        "upstream connect error or disconnect/reset before headers. reset reason: "
        "connection termination",
    .details = "upstream_reset_before_response_started{connection_termination}"};
inline constexpr LocalReply kRemoteReset{
    .status = 503,
    .flag = ResponseFlags::kUpstreamReset,
    .body = "upstream connect error or disconnect/reset before headers. reset reason: remote reset",
    .details = "upstream_reset_before_response_started{remote_reset}"};
inline constexpr LocalReply kRemoteRefused{
    .status = 503,
    .flag = ResponseFlags::kUpstreamReset,
    .body =
        "upstream connect error or disconnect/reset before headers. reset reason: "
        "remote refused stream reset",
    .details = "upstream_reset_before_response_started{remote_refused_stream_reset}"};
inline constexpr LocalReply kProtocolError{
    .status = 502,
    .flag = ResponseFlags::kUpstreamProtocol,
    .body =
        "upstream connect error or disconnect/reset before headers. reset reason: protocol "
        "error",
    .details = "upstream_reset_before_response_started{protocol_error}"};
/// Envoy: the answer to a preflight comes before the rule's operations.
inline constexpr LocalReply kPreflight{.status = 200, .unedited = true, .details = "cors_response"};
inline constexpr LocalReply kTimeout{.status = 504,
                                     .flag = ResponseFlags::kUpstreamTimeout,
                                     .body = "upstream request timeout",
                                     .details = details::kTimeout};
inline constexpr LocalReply kTryTimeout{.status = 504,
                                        .flag = ResponseFlags::kUpstreamTimeout,
                                        .body = "upstream request timeout",
                                        .details = "upstream_per_try_timeout"};
inline constexpr LocalReply kOverflow{
    .status = 503,
    .flag = ResponseFlags::kUpstreamOverflow,
    .body = "upstream connect error or disconnect/reset before headers. reset reason: overflow",
    .overloaded = true,
    .details = "upstream_reset_before_response_started{overflow}"};
inline constexpr LocalReply kHeadTimeout{.status = 408,
                                         .flag = ResponseFlags::kDownstreamProtocol,
                                         .details = "downstream_header_timeout"};

/// RFC 9110 §15.5.22: of HTTP/1.0 where the agent does not serve it.
inline constexpr LocalReply kUpgradeRequired{.status = 426,
                                             .flag = ResponseFlags::kDownstreamProtocol,
                                             .body = "Upgrade Required",
                                             .upgrade = "HTTP/1.1",
                                             .details = "low_version"};

inline constexpr LocalReply kHeadTooLarge{
    .status = 431, .flag = ResponseFlags::kDownstreamProtocol, .details = details::kHeadTooLarge};

/// Of a request that is malformed or exceeds a limit.
inline constexpr LocalReply refusal(int status) {
  return {.status = status,
          .flag = ResponseFlags::kDownstreamProtocol,
          .details = status == 431   ? details::kHeadTooLarge
                     : status == 413 ? details::kBodyTooLarge
                                     : details::kMalformed};
}

/// The abort of a rule's fault. Envoy: a status of gRPC comes with 200.
inline constexpr LocalReply faultAbort(int status, int grpc_status) {
  return {.status = grpc_status < 0 ? status : 200,
          .flag = ResponseFlags::kFaultInjected,
          .body = "fault filter abort",
          .grpc_status = grpc_status,
          .details = "fault_filter_abort"};
}

/// What the client, its connection and the rule make of an answer.
struct ReplyForm {
  bool close = false;            ///< the connection ends with it
  bool to_head_request = false;  ///< without the body, but with its length
  bool grpc = false;             ///< as gRPC wants it: 200 and grpc-status
  const HeaderEdits* edits = nullptr;
  const routing::CorsVerdict::Headers* cors = nullptr;  ///< after the edits
  FormatInput input = {};
};

/// To a request whose server's side has ended before its response has begun.
const LocalReply& replyTo(Channel::Ending ending);
/// The details of a response that has begun.
std::string_view detailsOfCut(Channel::Ending ending);

/// gRPC over HTTP: what a status means that did not come from a gRPC server
/// (doc/http-grpc-status-mapping.md of gRPC).
int grpcStatusOf(int http_status);
/// What a client of gRPC gets with the reply.
int grpcStatusOf(const LocalReply& reply);

/// The status that the client sees.
int statusOf(const LocalReply& reply, bool grpc);

/// The response as bytes, replacing `out`; `draft` is scratch.
void renderReply(const LocalReply& reply, const ReplyForm& form, HeadDraft& draft,
                 std::string& out);

}  // namespace sluice::proxy
