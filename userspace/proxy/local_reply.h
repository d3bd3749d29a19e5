// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "userspace/proxy/response_flags.h"

namespace sluice::proxy {

/// An answer that the proxy makes itself. The texts are Envoy's.
struct LocalReply {
  int status = 0;
  uint32_t flag = 0;  ///< of ResponseFlags
  std::string_view body = {};
};

inline constexpr LocalReply kNoRoute{404, ResponseFlags::kNoRoute};
inline constexpr LocalReply kNoCluster{503, ResponseFlags::kNoCluster};
inline constexpr LocalReply kNoHealthyUpstream{503, ResponseFlags::kNoHealthyUpstream,
                                               "no healthy upstream"};
inline constexpr LocalReply kConnectFailure{
    503, ResponseFlags::kUpstreamConnectFailure,
    "upstream connect error or disconnect/reset before headers. reset reason: "
    "connection failure"};
inline constexpr LocalReply kTermination{
    503, ResponseFlags::kUpstreamTermination,
    "upstream connect error or disconnect/reset before headers. reset reason: "
    "connection termination"};
inline constexpr LocalReply kProtocolError{
    502, ResponseFlags::kUpstreamProtocol,
    "upstream connect error or disconnect/reset before headers. reset reason: protocol error"};
inline constexpr LocalReply kTimeout{504, ResponseFlags::kUpstreamTimeout,
                                     "upstream request timeout"};
inline constexpr LocalReply kHeadTimeout{408, ResponseFlags::kDownstreamProtocol};

/// The abort of a rule's fault.
inline constexpr LocalReply faultAbort(int status) {
  return {status, ResponseFlags::kFaultInjected, "fault filter abort"};
}

/// The response as bytes, replacing `out`. `close`: the connection ends with it;
/// `to_head_request`: without the body, but with its length.
void renderReply(const LocalReply& reply, bool close, bool to_head_request, std::string& out);

}  // namespace sluice::proxy
