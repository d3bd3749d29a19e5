// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/upstream_pool.h"

#include <algorithm>

namespace sluice::proxy {

std::shared_ptr<Upstream> UpstreamPool::take(const Upstream::Key& key, UpstreamUser& user) {
  const auto found = idle_.find(key);
  if (found == idle_.end() || found->second.empty()) return nullptr;
  std::shared_ptr<Upstream> upstream = std::move(found->second.back());
  found->second.pop_back();
  --size_;
  upstream->leave();
  upstream->setUser(user);
  return upstream;
}

void UpstreamPool::give(std::shared_ptr<Upstream> upstream) {
  if (upstream->multiplexed()) return upstream->close();
  Idle& idle = idleOf(upstream->key());
  if (idle.size() >= per_endpoint_) {
    upstream->close();
    return;
  }
  upstream->setUser(*this);
  upstream->setReused();
  const auto& idle_time = upstream->terms().idle;
  (idle_time ? other_expiries_.of(*idle_time) : expiry_).join(*upstream);
  idle.push_back(std::move(upstream));
  ++size_;
}

// A list that a request has emptied stays, with its memory, for the connection that comes back: a
// steady flow allocates nothing. Servers come and go, so new ones clear away what is left of
// others.
UpstreamPool::Idle& UpstreamPool::idleOf(const Upstream::Key& key) {
  const auto known = idle_.find(key);
  if (known != idle_.end()) return known->second;
  if (idle_.size() >= sweep_at_) {
    std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
    sweep_at_ = std::max(kLeastSweep, 2 * idle_.size());
  }
  return idle_[key];
}

// A server that says something without being asked is not to be trusted with the next request;
// most often it says that it closes.
void UpstreamPool::upstreamReady(Upstream& upstream) {
  if (!upstream.channel().readable() && !upstream.channel().broken()) return;
  const auto bucket = idle_.find(upstream.key());
  const auto at = std::ranges::find(bucket->second, &upstream, &std::shared_ptr<Upstream>::get);
  const std::shared_ptr<Upstream> gone = std::move(*at);
  bucket->second.erase(at);
  if (bucket->second.empty()) idle_.erase(bucket);
  --size_;
  gone->close();
}

void UpstreamPool::closeAll() {
  for (auto& [key, idle] : idle_) {
    for (auto& upstream : idle) upstream->close();
  }
  idle_.clear();
  size_ = 0;
}

}  // namespace sluice::proxy
