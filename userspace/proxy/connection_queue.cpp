// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/connection_queue.h"

#include <utility>

namespace sluice::proxy {

struct WaitingRequest {
  std::shared_ptr<const ClusterPool> pool;
  ConnectionQueue::Wants wants;
  ConnectionQueue::Turn turn;
};

ConnectionQueue::Place& ConnectionQueue::Place::operator=(Place&& other) noexcept {
  if (this == &other) return *this;
  release();
  queue_ = std::exchange(other.queue_, nullptr);
  key_ = other.key_;
  lease_ = std::move(other.lease_);
  return *this;
}

// The lease first: whoever is called next may take it.
void ConnectionQueue::Place::release() {
  lease_.release();
  if (auto* queue = std::exchange(queue_, nullptr)) queue->closed(key_);
}

ConnectionQueue::Place ConnectionQueue::open(const Upstream::Key& key, const ClusterPool& pool) {
  if (first(key)) return {};
  auto lease = leaseFor(key, pool);
  return lease ? place(key, std::move(lease)) : Place();
}

ConnectionQueue::Place ConnectionQueue::openWithinLimit(const Upstream::Key& key,
                                                        const ClusterPool& pool) {
  auto lease = pool.connection();
  return lease ? place(key, std::move(lease)) : Place();
}

ConnectionQueue::Place ConnectionQueue::place(const Upstream::Key& key, Lease lease) {
  ++lines_[key].open;
  return {*this, key, std::move(lease)};
}

ConnectionQueue::Ticket ConnectionQueue::wait(const Upstream::Key& key,
                                              std::shared_ptr<const ClusterPool> pool, Wants wants,
                                              Turn turn) {
  first(key);  // clears away who has left
  auto request = std::make_shared<WaitingRequest>(std::move(pool), wants, std::move(turn));
  lines_[key].waiting.push_back(request);
  return request;
}

bool ConnectionQueue::handOver(const std::shared_ptr<Upstream>& upstream) {
  if (upstream->multiplexed()) return false;  // a stream takes one request
  const auto next = first(upstream->key());
  if (!next) return false;
  if (next->wants == Wants::kFresh) {
    upstream->close();
    return true;
  }
  lines_.at(upstream->key()).waiting.pop_front();
  std::exchange(next->turn, nullptr)(upstream, {});
  return true;
}

// Later: whoever closes a connection is in the middle of something.
void ConnectionQueue::closed(const Upstream::Key& key) {
  --lines_.at(key).open;
  if (!first(key)) return forget(key);
  reactor_.post([this, key, alive = std::weak_ptr<const bool>(alive_)] {
    if (!alive.expired()) callNext(key);
  });
}

void ConnectionQueue::callNext(const Upstream::Key& key) {
  const auto next = first(key);
  if (!next) return forget(key);
  auto lease = leaseFor(key, *next->pool);
  if (!lease) return;
  lines_.at(key).waiting.pop_front();
  std::exchange(next->turn, nullptr)(nullptr, place(key, std::move(lease)));
}

Lease ConnectionQueue::leaseFor(const Upstream::Key& key, const ClusterPool& pool) const {
  auto lease = pool.connection();
  if (lease) return lease;
  const auto line = lines_.find(key);
  const bool has_none = line == lines_.end() || line->second.open == 0;
  return has_none ? pool.connectionBeyondLimit() : Lease();
}

/// A line in which nobody waits, unless there are connections.
void ConnectionQueue::forget(const Upstream::Key& key) {
  const auto line = lines_.find(key);
  if (line != lines_.end() && line->second.open == 0) lines_.erase(line);
}

/// Of those that still wait; null without any.
std::shared_ptr<WaitingRequest> ConnectionQueue::first(const Upstream::Key& key) {
  const auto line = lines_.find(key);
  if (line == lines_.end()) return nullptr;
  auto& waiting = line->second.waiting;
  while (!waiting.empty()) {
    if (auto request = waiting.front().lock()) return request;
    waiting.pop_front();
  }
  return nullptr;
}

}  // namespace sluice::proxy
