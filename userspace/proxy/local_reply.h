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
};

inline constexpr LocalReply kNoRoute{404, ResponseFlags::kNoRoute};
/// Of a mesh that is closed for what its registry does not name (Istio: REGISTRY_ONLY).
inline constexpr LocalReply kUnknownHost{502};
inline constexpr LocalReply kNoCluster{503, ResponseFlags::kNoCluster};
inline constexpr LocalReply kNoHealthyUpstream{503, ResponseFlags::kNoHealthyUpstream,
                                               "no healthy upstream"};
inline constexpr LocalReply kConnectFailure{
    503, ResponseFlags::kUpstreamConnectFailure,
    "upstream connect error or disconnect/reset before headers. reset reason: "
    "connection failure"};
inline constexpr LocalReply kUnusablePolicy{
    503, ResponseFlags::kUpstreamConnectFailure,
    "upstream connect error or disconnect/reset before headers. reset reason: connection failure, "
    "transport failure reason: the files of the destination's TLS policy cannot be used"};
inline constexpr LocalReply kTermination{
    503, ResponseFlags::kUpstreamTermination,
    "upstream connect error or disconnect/reset before headers. reset reason: "
    "connection termination"};
inline constexpr LocalReply kRemoteReset{
    503, ResponseFlags::kUpstreamReset,
    "upstream connect error or disconnect/reset before headers. reset reason: remote reset"};
inline constexpr LocalReply kRemoteRefused{
    503, ResponseFlags::kUpstreamReset,
    "upstream connect error or disconnect/reset before headers. reset reason: "
    "remote refused stream reset"};
inline constexpr LocalReply kProtocolError{
    502, ResponseFlags::kUpstreamProtocol,
    "upstream connect error or disconnect/reset before headers. reset reason: protocol error"};
/// Envoy: the answer to a preflight comes before the rule's operations.
inline constexpr LocalReply kPreflight{200, 0, {}, {}, -1, true};
inline constexpr LocalReply kTimeout{504, ResponseFlags::kUpstreamTimeout,
                                     "upstream request timeout"};
inline constexpr LocalReply kOverflow{
    .status = 503,
    .flag = ResponseFlags::kUpstreamOverflow,
    .body = "upstream connect error or disconnect/reset before headers. reset reason: overflow",
    .overloaded = true};
inline constexpr LocalReply kHeadTimeout{408, ResponseFlags::kDownstreamProtocol};

/// RFC 9110 §15.5.22: of HTTP/1.0 where the agent does not serve it.
inline constexpr LocalReply kUpgradeRequired{.status = 426,
                                             .flag = ResponseFlags::kDownstreamProtocol,
                                             .body = "Upgrade Required",
                                             .upgrade = "HTTP/1.1"};

inline constexpr LocalReply kHeadTooLarge{431, ResponseFlags::kDownstreamProtocol};

/// The abort of a rule's fault. Envoy: a status of gRPC comes with 200.
inline constexpr LocalReply faultAbort(int status, int grpc_status) {
  return {grpc_status < 0 ? status : 200,
          ResponseFlags::kFaultInjected,
          "fault filter abort",
          {},
          grpc_status,
          false};
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
