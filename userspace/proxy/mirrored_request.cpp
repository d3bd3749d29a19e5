// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/mirrored_request.h"

#include <utility>

namespace sluice::proxy {

namespace {

/// Steps of one copy before others get their turn.
constexpr int kStepsPerTurn = 8;

}  // namespace

MirroredRequest::MirroredRequest(Context& context, const ProxyCluster& mirror,
                                 const ProxyEndpoint& endpoint, RequestCopy copy, Lease lease)
    : context_(context),
      cluster_(mirror.cluster),
      pool_(mirror.pool),
      endpoint_(endpoint),
      copy_(std::move(copy)),
      lease_(std::move(lease)),
      answer_(context.blocks, kHeadroom, context.pipes) {
  context_.balancer.started(endpoint_.id);
}

void MirroredRequest::start() {
  if (ended_) return;
  timer_ = context_.reactor.after(copy_.timeout, [this] {
    timer_ = 0;
    fail();
  });
  context_.connectDeadline(pool_.get()).join(*this);
  reach();
}

void MirroredRequest::reach() {
  if (takeKept()) {
    leave();
    return advance();
  }
  if (copy_.http2 && !takeLead()) return;
  if (!takePlace()) return fail();
  context_.sockets.connect({.workload = copy_.workload,
                            .route = copy_.route,
                            .cluster = endpoint_.cluster,
                            .endpoint = endpoint_.id},
                           [weak = weak_from_this()](Result<Fd> socket) {
                             // Without taker, the socket closes itself.
                             if (const auto self = weak.lock()) self->opened(std::move(socket));
                           });
}

/// A copy is not sent twice, so that it goes on no connection whose end is waiting to be read.
bool MirroredRequest::takeKept() {
  if (copy_.http2) {
    upstream_ = context_.http2_pool->open(key(), *this);
    return upstream_ != nullptr;
  }
  while (auto upstream = context_.pool.take(key(), *this)) {
    if (upstream->mayTakeAnother(context_.reactor.now()) && upstream->channel().isQuiet()) {
      ++context_.stats.upstream_reused;
      upstream_ = std::move(upstream);
      upstream_->countRequest();
      return true;
    }
    upstream->close();
  }
  return false;
}

/// Whether this copy connects, for all who need the server; else it waits for who does already.
bool MirroredRequest::takeLead() {
  lead_ = context_.http2_pool->lead(key(), [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && !self->ended_) self->reach();
  });
  return static_cast<bool>(lead_);
}

/// Whether a connection may be opened. A copy does not wait until there are fewer; connections of
/// HTTP/2 are shared.
bool MirroredRequest::takePlace() {
  if (!pool_ || copy_.http2) return true;
  place_ = context_.queue.openWithinLimit(key(), *pool_);
  if (!place_) pool_->countOverflow();
  return static_cast<bool>(place_);
}

void MirroredRequest::opened(Result<Fd> socket) {
  if (ended_) return;
  if (!socket.ok()) return fail();
  const int fd = socket->get();
  if (context_.isKeptFrom(copy_.workload, fd)) {
    ++context_.stats.refused_connections;
    return fail();
  }
  auto channel =
      copy_.transport.channel(context_.reactor, *std::move(socket), endpoint_.address, copy_.http2);
  auto upstream = Upstream::watch(std::move(channel), key(), *this);
  if (!upstream.ok()) return fail();
  upstream_ = *std::move(upstream);
  upstream_->countRequest();
  if (pool_) setTerms(pool_->settings(), context_.reactor.now(), fd, *upstream_);
  if (place_) upstream_->hold(std::make_shared<ConnectionQueue::Place>(std::move(place_)));
}

void MirroredRequest::upstreamReady(Upstream&) { advance(); }

void MirroredRequest::advance() {
  for (int i = 0; i < kStepsPerTurn; ++i)
    if (!step()) return;
  context_.reactor.post([self = shared_from_this()] { self->advance(); });
}

/// Whether something moved.
bool MirroredRequest::step() {
  if (ended_) return false;
  if (written_ == 0 && upstream_->channel().broken()) {
    fail();
    return false;
  }
  if (copy_.http2 && !upstream_->multiplexed()) return becomeStream();
  const bool wrote = write();
  if (ended_) return false;
  return (status_ == 0 ? readHead() : readBody()) || wrote;
}

/// The connection is others' as well from now on.
bool MirroredRequest::becomeStream() {
  if (!upstream_->channel().writable()) return false;
  connected();
  auto channel = upstream_->release();
  upstream_.reset();
  const auto terms = Http2Terms::of(*cluster_, context_.reactor.now());
  if (context_.http2_pool->adopt(std::move(lead_), std::move(channel), terms).ok())
    upstream_ = context_.http2_pool->open(key(), *this);
  if (!upstream_) fail();
  return !ended_;
}

bool MirroredRequest::write() {
  Channel& server = upstream_->channel();
  if (written_ == size() || !server.writable()) return false;
  if (written_ == 0 && !upstream_->reused() && !upstream_->multiplexed()) connected();
  const auto io = server.write(std::string_view(*copy_.bytes).substr(written_), written_);
  if (io == Channel::Io::kFailed) fail();
  return io == Channel::Io::kProgress;
}

void MirroredRequest::connected() {
  leave();
  ++context_.stats.upstream_connections;
  if (copy_.transport.tls) ++context_.stats.tls_connections;
  context_.counters.upstreamConnection({}, endpoint_.cluster, endpoint_.id);
}

bool MirroredRequest::readHead() {
  const std::string_view bytes = answer_.unseen();
  if (bytes.size() <= head_seen_) return read();
  http1::ResponseHead& head = context_.response_head;
  const auto parsed = http1::parseResponse(bytes, head_seen_, head);
  head_seen_ = parsed.complete() ? 0 : bytes.size();
  if (parsed.refused() || (parsed.complete() && head.status == 101)) {
    fail();
    return false;
  }
  if (!parsed.complete()) return read();
  answer_.dropUnseen(parsed.consumed);
  if (head.isInformational()) return true;
  const auto kind = head.bodyKind(copy_.is_head);
  status_ = head.status;
  body_ = http1::Body(kind, head.fields.content_length);
  reusable_ = head.keepsAlive() && kind != http1::BodyKind::kUntilClose;
  return true;
}

bool MirroredRequest::readBody() {
  answer_.dropUnseen(body_.take(answer_.unseen()));
  if (body_.done() && written_ == size()) {
    finish();
    return false;
  }
  if (body_.done() || body_.refusal() != http1::Refusal::kNone) {
    fail();
    return false;
  }
  return read();
}

bool MirroredRequest::read() {
  switch (answer_.readFrom(upstream_->channel())) {
    case Channel::Io::kProgress:
      return true;
    case Channel::Io::kBlocked:
      return false;
    case Channel::Io::kEnd:
    case Channel::Io::kFailed:
      body_.kind() == http1::BodyKind::kUntilClose ? finish() : fail();
      return false;
  }
  return false;
}

void MirroredRequest::fail() {
  if (upstream_) noteFailure(context_, upstream_->channel());
  ++context_.stats.mirror_failures;
  end();
}

void MirroredRequest::finish() {
  Channel& server = upstream_->channel();
  const bool quiet = answer_.unseen().empty() && (!server.readable() || server.isQuiet());
  if (reusable_ && quiet) context_.giveBack(std::move(upstream_));
  end();
}

void MirroredRequest::end() {
  if (std::exchange(ended_, true)) return;
  leave();
  context_.reactor.cancel(std::exchange(timer_, 0));
  context_.counters.request({}, endpoint_.cluster, endpoint_.id, status_);
  context_.balancer.finished(endpoint_.id);
  if (upstream_) upstream_->close();
  upstream_.reset();
  lead_.release();
  place_.release();
  answer_.reset();
  context_.mirrors.ended(*this);
}

}  // namespace sluice::proxy
