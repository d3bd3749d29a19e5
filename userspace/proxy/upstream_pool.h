// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "userspace/base/deadline_lists.h"
#include "userspace/proxy/upstream.h"

namespace sluice::proxy {

/// Connections to servers that wait for the next request. The one that came last goes first: it
/// is the least likely to be closed by the server, and the others get a chance to expire.
class UpstreamPool final : private UpstreamUser {
 public:
  UpstreamPool(Reactor& reactor, Duration idle_timeout, size_t per_endpoint)
      : expiry_(reactor, idle_timeout), other_expiries_(reactor), per_endpoint_(per_endpoint) {}
  ~UpstreamPool() { closeAll(); }

  /// Null when there is none.
  std::shared_ptr<Upstream> take(const Upstream::Key& key, UpstreamUser& user);
  /// `upstream` has answered everything that was asked. Closed when there are enough.
  void give(std::shared_ptr<Upstream> upstream);

  size_t size() const { return size_; }
  void closeAll();

 private:
  using Idle = std::vector<std::shared_ptr<Upstream>>;

  /// Lists before it is worth looking for those that are not used any more.
  static constexpr size_t kLeastSweep = 256;

  void upstreamReady(Upstream& upstream) override;
  Idle& idleOf(const Upstream::Key& key);

  std::unordered_map<Upstream::Key, Idle, Upstream::KeyHash> idle_;
  size_t sweep_at_ = kLeastSweep;  ///< lists; then those that are empty go
  DeadlineList expiry_;
  DeadlineLists other_expiries_;  ///< of connections that are kept for another time
  size_t per_endpoint_;
  size_t size_ = 0;
};

}  // namespace sluice::proxy
