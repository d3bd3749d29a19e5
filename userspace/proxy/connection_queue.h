// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "userspace/base/reactor.h"
#include "userspace/proxy/cluster_pool.h"
#include "userspace/proxy/upstream.h"

namespace sluice::proxy {

struct WaitingRequest;

/// Connections of one worker to clusters with limits, and the requests that wait for one: who came
/// first goes first. One thread.
///
/// Envoy: a limit that others have used up does not keep a worker from one connection to each
/// endpoint. So whoever waits here waits for a connection of this worker, and gets its turn.
class ConnectionQueue {
 public:
  /// A connection that is open, or about to be. May be none. Must not outlive the queue.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept { *this = std::move(other); }
    Place& operator=(Place&& other) noexcept;
    ~Place() { release(); }
    explicit operator bool() const { return queue_ != nullptr; }
    void release();

   private:
    friend ConnectionQueue;
    Place(ConnectionQueue& queue, const Upstream::Key& key, Lease lease)
        : queue_(&queue), key_(key), lease_(std::move(lease)) {}

    ConnectionQueue* queue_ = nullptr;
    Upstream::Key key_;
    Lease lease_;
  };

  /// Either a connection that has become free, or a place to open one.
  using Turn = std::function<void(std::shared_ptr<Upstream> free, Place place)>;
  /// What a request waits for: kFresh, a connection that no other has used.
  enum class Wants : uint8_t { kAny, kFresh };
  /// Waits as long as somebody holds it.
  using Ticket = std::shared_ptr<const WaitingRequest>;

  explicit ConnectionQueue(Reactor& reactor) : reactor_(reactor) {}

  /// None: there are too many, or others wait already; wait().
  Place open(const Upstream::Key& key, const ClusterPool& pool);
  /// As open(), but never beyond the limit.
  Place openWithinLimit(const Upstream::Key& key, const ClusterPool& pool);
  /// `turn` is called at most once, never from within this call.
  Ticket wait(const Upstream::Key& key, std::shared_ptr<const ClusterPool> pool, Wants wants,
              Turn turn);
  /// Gives a connection that has become free to who has waited longest, or closes it if that one
  /// wants a fresh one, for which it makes place; false when nobody waits.
  bool handOver(const std::shared_ptr<Upstream>& upstream);

 private:
  using Waiting = std::weak_ptr<WaitingRequest>;
  struct Line {
    uint32_t open = 0;
    std::deque<Waiting> waiting;
  };

  Place place(const Upstream::Key& key, Lease lease);
  Lease leaseFor(const Upstream::Key& key, const ClusterPool& pool) const;
  void forget(const Upstream::Key& key);
  void closed(const Upstream::Key& key);
  void callNext(const Upstream::Key& key);
  std::shared_ptr<WaitingRequest> first(const Upstream::Key& key);

  Reactor& reactor_;
  std::unordered_map<Upstream::Key, Line, Upstream::KeyHash> lines_;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);  ///< for posted tasks
};

}  // namespace sluice::proxy
