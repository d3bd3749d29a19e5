// SPDX-License-Identifier: Apache-2.0
// Requests that go out again, and how long they may take.
#include <algorithm>

#include "userspace/proxy/grpc_timeout.h"
#include "userspace/proxy/session.h"

namespace sluice::proxy {

namespace {

/// Istio: where requests are hashed, trying elsewhere would defeat the hash.
bool hashes(const ProxyCluster& cluster) {
  const auto& balancer = cluster.cluster->settings->load_balancer;
  return balancer && balancer->value.consistent_hash;
}

}  // namespace

const RetryPolicy& Session::retryPolicy() const {
  const auto& own = exchange_.rule->retries;
  return own ? *own : context_.config->retries;
}

RetryLimit Session::retryLimit() const {
  return RetryLimit::of(*exchange_.cluster->cluster->settings);
}

RetryLimits::Key Session::retryKey() const {
  const auto& endpoints = exchange_.cluster->endpoints;
  return {origin_.workload, endpoints.empty() ? ClusterId{} : endpoints.front().cluster};
}

/// The endpoints that another try had better not go to.
std::span<const EndpointId> Session::toAvoid() const {
  if (exchange_.tried.empty()) return {};
  const bool avoids = retryPolicy().avoidsTried().value_or(!hashes(*exchange_.cluster));
  return avoids ? std::span<const EndpointId>(exchange_.tried) : std::span<const EndpointId>();
}

/// Istio: retryRemoteLocalities looks at what was tried after every second try (Envoy:
/// previous_priorities with an update_frequency of 2).
std::span<const EndpointId> Session::prioritiesToAvoid() const {
  if (exchange_.tried.empty() || !retryPolicy().triesOtherPriorities()) return {};
  return std::span<const EndpointId>(exchange_.tried).first(exchange_.tried.size() / 2 * 2);
}

/// The try has brought no response: another one, or the answer is `otherwise`.
void Session::tryFailed(TryFailure how, const LocalReply& otherwise) {
  // An interim response may be on its way to the client in part; then nothing can follow it.
  if (!response_.idle()) return responseCut(otherwise.details);
  const bool sent = !request_.canRewind() || request_.written() > 0;
  if (!mayRetry(retryPolicy().covers(how, sent))) return reply(otherwise);
  backOff();
}

/// The response's head is here. True when it is thrown away for another try.
bool Session::retryInsteadOf(const http1::Parsed& parsed) {
  if (!mayRetry(retryPolicy().covers(context_.response_head))) return false;
  dropResponse(parsed);
  backOff();
  return true;
}

/// Says in the flags why not, where the policy would have it. Envoy: what was seen of an interim
/// response cannot be taken back.
bool Session::mayRetry(bool covered) {
  exchange_.retry_share.release();
  if (!covered || exchange_.interim) return false;
  if (exchange_.retries >= retryPolicy().attempts()) {
    ++context_.stats.retries_exhausted;
    exchange_.flags.add(ResponseFlags::kUpstreamRetryLimit);
    return false;
  }
  // Of a connection without HTTP nothing is sent before it stands.
  if (!request_.canRewind() && !exchange_.opaque) {
    ++context_.stats.retries_unbuffered;
    return false;
  }
  return takeRetry();
}

bool Session::takeRetry() {
  auto share = context_.retry_limits.retry(retryLimit(), retryKey());
  if (!share) {
    ++context_.stats.retry_overflows;
    exchange_.flags.add(ResponseFlags::kUpstreamOverflow);
    return false;
  }
  exchange_.retry_share = *std::move(share);
  ++exchange_.retries;
  ++context_.stats.retries;
  return true;
}

/// The connection is kept if all of the response is here.
void Session::dropResponse(const http1::Parsed& parsed) {
  const http1::ResponseHead& head = context_.response_head;
  http1::Body body(head.bodyKind(exchange_.is_head), head.fields.content_length);
  response_.dropUnseen(parsed.consumed);
  response_.dropUnseen(body.take(response_.unseen()));
  exchange_.upstream_reusable =
      head.keepsAlive() && body.done() && exchange_.requestRead() && request_.idle();
  giveUpstreamBack();
  exchange_.upstream_reusable = false;
}

/// As if nothing had been sent.
void Session::dropTry() {
  leave();
  dropUpstream();
  context_.reactor.cancel(std::exchange(exchange_.try_timer, 0));
  exchange_.upstream_used_up = false;
  exchange_.upstream_local.reset();
  request_.rewind();
  response_.reset();
  head_seen_ = 0;
}

void Session::backOff() {
  exchange_.tried.push_back(exchange_.endpoint->id);
  dropTry();
  if (exchange_.opaque) return chooseEndpoint();
  state_ = State::kBackingOff;
  const Duration pause = retryPolicy().backOff(exchange_.retries, context_.random.draw());
  exchange_.back_off_timer = context_.reactor.after(pause, [this] { tryAgain(); });
}

void Session::tryAgain() {
  exchange_.back_off_timer = 0;
  chooseEndpoint();
  advance();
}

/// The connection was an old one that the server has closed meanwhile (RFC 9110 §9.2.2, RFC 9112
/// §9.3.1): the request goes out again, unless it may have had an effect. No policy has a say.
bool Session::retryOnFreshConnection() {
  const bool unsent = request_.written() == 0 && request_.canRewind();
  if (!upstream_->reused() || exchange_.fresh_connection_only || exchange_.interim) return false;
  if (!request_.canRewind() || !(exchange_.idempotent || unsent)) return false;
  ++context_.stats.retried_stale;
  exchange_.fresh_connection_only = true;
  dropTry();
  chooseEndpoint();
  return true;
}

/// 0: no limit.
Duration Session::requestTimeout() const {
  const Duration of_rule = exchange_.rule->rule->timeout.value_or(Duration::zero());
  return exchange_.grpc ? cappedTimeout(exchange_.grpc_timeout, of_rule) : of_rule;
}

/// What this try may take as far as it is known in advance; 0: no limit. Envoy: setTimeoutHeaders.
Duration Session::tryBudget() const {
  const Duration whole = requestTimeout();
  const Duration single = retryPolicy().perTryTimeout();
  if (whole == Duration::zero()) return single;
  const Duration used =
      exchange_.read == TimePoint() ? Duration::zero() : context_.reactor.now() - exchange_.read;
  const Duration left = std::max<Duration>(whole - used, std::chrono::milliseconds(1));
  return single == Duration::zero() ? left : std::min(single, left);
}

/// Whether the server would otherwise go on for longer than the answer is waited for.
bool Session::shortensGrpcTimeout() const {
  if (!exchange_.grpc) return false;
  const Duration own = exchange_.grpc_timeout;
  const auto shorter = [own](Duration limit) {
    return limit > Duration::zero() && (own == Duration::zero() || limit < own);
  };
  return shorter(exchange_.rule->rule->timeout.value_or(Duration::zero())) ||
         shorter(retryPolicy().perTryTimeout());
}

// Envoy: it starts when the request has been read completely.
void Session::armTimeout() {
  if (exchange_.read == TimePoint()) exchange_.read = context_.reactor.now();
  const Duration timeout = requestTimeout();
  if (timeout > Duration::zero() && exchange_.timeout_timer == 0)
    exchange_.timeout_timer = context_.reactor.after(timeout, [this] { timedOut(); });
}

void Session::armTryTimeout() {
  const Duration timeout = retryPolicy().perTryTimeout();
  const Duration whole = requestTimeout();
  // Envoy: one that the other would always precede is none.
  const bool needless = whole > Duration::zero() && timeout >= whole;
  if (timeout <= Duration::zero() || needless || exchange_.response_started) return;
  exchange_.try_timer = context_.reactor.after(timeout, [this] { tryTimedOut(); });
}

void Session::timedOut() {
  exchange_.timeout_timer = 0;
  ++context_.stats.timeouts;
  // Envoy: whoever has begun to answer is not to blame for how long it takes; the client may read
  // slowly.
  if (state_ == State::kRelaying && !exchange_.response_started)
    judge(balance::Outcome::kLocalFailure);
  if (!exchange_.response_started && response_.idle()) {
    reply(kTimeout);
    return advance();
  }
  exchange_.flags.add(ResponseFlags::kUpstreamTimeout);
  responseCut(details::kTimeout);
}

/// Envoy: a response that has begun may take as long as the rule's timeout allows.
void Session::tryTimedOut() {
  exchange_.try_timer = 0;
  if (exchange_.response_started) return;
  ++context_.stats.try_timeouts;
  if (state_ == State::kRelaying) judge(balance::Outcome::kLocalFailure);
  tryFailed(TryFailure::kTimeout, kTryTimeout);
  advance();
}

}  // namespace sluice::proxy
