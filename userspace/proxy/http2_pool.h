// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "userspace/proxy/http2_client.h"
#include "userspace/proxy/upstream.h"

namespace sluice::proxy {

/// Connections of HTTP/2 to servers, and those who wait until one is made: only one of them
/// connects, the others share what it makes.
class Http2Pool {
 public:
  using Ready = std::function<void()>;

  /// The duty to connect for all who need the server; given up at its end. May be none. Must not
  /// outlive the pool.
  class Lead {
   public:
    Lead() = default;
    Lead(Lead&& other) noexcept { *this = std::move(other); }
    Lead& operator=(Lead&& other) noexcept;
    ~Lead() { release(); }
    explicit operator bool() const { return pool_ != nullptr; }
    /// Those who wait try for themselves.
    void release();

   private:
    friend Http2Pool;
    Lead(Http2Pool& pool, const Upstream::Key& key) : pool_(&pool), key_(key) {}

    Http2Pool* pool_ = nullptr;
    Upstream::Key key_;
  };

  explicit Http2Pool(Context& context);
  ~Http2Pool() { closeAll(); }

  /// For one request; null when no connection has room for one more.
  std::shared_ptr<Upstream> open(const Upstream::Key& key, UpstreamUser& user);

  /// The caller shall connect, and call adopt(). None: somebody does already; `ready` is called,
  /// never from within this call, once there is a reason to try again.
  Lead lead(const Upstream::Key& key, Ready ready);
  /// `channel` is connected and nobody watches it. `terms`: of the cluster that it was made for.
  Result<void> adopt(Lead lead, std::shared_ptr<Channel> channel, const Http2Terms& terms);

  /// Servers to which there are connections, or somebody connects.
  size_t size() const { return servers_.size(); }
  void closeAll();

 private:
  struct Server {
    std::vector<std::shared_ptr<Http2Client>> connections;
    bool connecting = false;
    std::vector<Ready> waiting;
  };

  using Servers = std::map<Upstream::Key, Server>;

  void keep(Http2Client& connection);
  void leadEnded(const Upstream::Key& key);
  void forgetIfUnused(Servers::iterator server);
  void forget(const Upstream::Key& key, const Http2Client& connection);

  Context& context_;
  DeadlineList expiry_;
  DeadlineLists other_expiries_;  ///< of connections that are kept for another time
  Servers servers_;
};

}  // namespace sluice::proxy
