// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "userspace/proxy/upstream.h"

namespace sluice::proxy {

/// Connections to servers that wait for the next request. The one that came last goes first: it
/// is the least likely to be closed by the server, and the others get a chance to expire.
class UpstreamPool final : private UpstreamUser {
 public:
  UpstreamPool(Reactor& reactor, Duration idle_timeout, size_t per_endpoint)
      : expiry_(reactor, idle_timeout), per_endpoint_(per_endpoint) {}
  ~UpstreamPool() { closeAll(); }

  /// Null when there is none.
  std::shared_ptr<Upstream> take(const Upstream::Key& key, UpstreamUser& user);
  /// `upstream` has answered everything that was asked. Closed when there are enough.
  void give(std::shared_ptr<Upstream> upstream);

  size_t size() const { return size_; }
  void closeAll();

 private:
  struct Hash {
    size_t operator()(const Upstream::Key& key) const {
      const auto& ip = key.address.ip.bytes;
      const std::string_view bytes(reinterpret_cast<const char*>(ip.data()), ip.size());
      return (std::hash<WorkloadId>{}(key.workload) * 31 + std::hash<std::string_view>{}(bytes)) *
                 31 +
             key.address.port;
    }
  };
  using Idle = std::vector<std::shared_ptr<Upstream>>;

  void upstreamReady(Upstream& upstream) override;

  std::unordered_map<Upstream::Key, Idle, Hash> idle_;
  DeadlineList expiry_;
  size_t per_endpoint_;
  size_t size_ = 0;
};

}  // namespace sluice::proxy
