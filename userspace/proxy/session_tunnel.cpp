// SPDX-License-Identifier: Apache-2.0
// After 101: bytes both ways, each side closing when it likes.
#include "userspace/proxy/session.h"

namespace sluice::proxy {

bool Session::tunnel() {
  Channel& server = upstream_->channel();
  request_.forget();
  const bool up = pumpTunnel(request_, *client_, server, exchange_.request_bytes, client_finished_);
  if (state_ != State::kTunnel) return false;
  const bool down =
      pumpTunnel(response_, server, *client_, exchange_.response_bytes, server_finished_);
  if (state_ != State::kTunnel) return false;
  if (client_finished_ && server_finished_) {
    report();
    close();
    return false;
  }
  if (up || down) tunnelMoved();
  return up || down;
}

/// Whether something moved. A failure on either side ends both.
bool Session::pumpTunnel(Flow& flow, Channel& from, Channel& to, uint64_t& bytes, bool& finished) {
  if (finished) return false;
  flow.clear(flow.unseen().size());
  const Channel::Io written = flow.writeTo(to, bytes);
  uint64_t passed = 0;
  const Channel::Io read = flow.passFrom(from, to, UINT64_MAX, passed);
  context_.stats.spliced_bytes += passed;
  if (written == Channel::Io::kFailed || read == Channel::Io::kFailed) {
    if (const auto* failure = noteTransport(); failure != nullptr)
      exchange_.flags.add(failure->unused ? ResponseFlags::kUpstreamConnectFailure
                                          : ResponseFlags::kUpstreamTermination);
    report();
    abort();
    return false;
  }
  if (from.exhausted() && flow.unseen().empty() && flow.idle()) {
    to.shutdownWrite();
    finished = true;
    return true;
  }
  return written == Channel::Io::kProgress || read != Channel::Io::kBlocked;
}

}  // namespace sluice::proxy
