// SPDX-License-Identifier: Apache-2.0
// After 101, and without HTTP: bytes both ways, each side closing when it likes.
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
    endTunnel({});
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
    tunnelBroke(written == Channel::Io::kFailed ? to : from);
    return false;
  }
  if (from.exhausted() && flow.unseen().empty() && flow.idle()) {
    to.shutdownWrite();
    finished = true;
    return true;
  }
  return written == Channel::Io::kProgress || read != Channel::Io::kBlocked;
}

/// The other side sees a reset as well: what it has got is not the whole.
void Session::tunnelBroke(const Channel& failed) {
  &failed == client_.get() ? noteClientGone() : noteServerGone();
  report();
  abort();
}

void Session::noteServerGone() {
  const auto* failure = noteTransport();
  if (failure != nullptr && failure->unused) {
    ++context_.stats.upstream_connect_failures;
    exchange_.flags.add(kConnectFailure.flag);
    exchange_.details = kConnectFailure.details;
  } else {
    exchange_.flags.add(serverEnded().flag);
    exchange_.details = detailsOfCut(upstream_->channel().ending());
  }
}

/// Envoy: this has no flag.
void Session::tunnelIdle() {
  ++context_.stats.tunnel_idle_timeouts;
  endTunnel(details::kTunnelIdle);
}

void Session::tunnelTooOld() {
  ++context_.stats.tunnel_duration_timeouts;
  exchange_.flags.add(ResponseFlags::kDurationTimeout);
  endTunnel(details::kTunnelTooOld);
}

/// `details`: empty where it ended by itself.
void Session::endTunnel(std::string_view details) {
  if (!details.empty()) exchange_.details = details;
  report();
  close();
}

}  // namespace sluice::proxy
