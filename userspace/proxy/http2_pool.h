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

  explicit Http2Pool(Context& context);
  ~Http2Pool() { closeAll(); }

  /// For one request; null when no connection has room for one more.
  std::shared_ptr<Upstream> open(const Upstream::Key& key, UpstreamUser& user);

  /// True: the caller shall connect, and call adopt() or giveUp(). False: somebody does already;
  /// `ready` is called, never from within this call, once there is a reason to try again.
  bool lead(const Upstream::Key& key, Ready ready);
  /// `channel` is connected and nobody watches it. `terms`: of the cluster that it was made for.
  Result<void> adopt(const Upstream::Key& key, std::shared_ptr<Channel> channel,
                     const Http2Terms& terms);
  void giveUp(const Upstream::Key& key);

  void closeAll();

 private:
  struct Server {
    std::vector<std::shared_ptr<Http2Client>> connections;
    bool connecting = false;
    std::vector<Ready> waiting;
  };

  void keep(Http2Client& connection);
  void wake(Server& server);
  void forget(const Upstream::Key& key, const Http2Client& connection);

  Context& context_;
  DeadlineList expiry_;
  DeadlineLists other_expiries_;  ///< of connections that are kept for another time
  std::map<Upstream::Key, Server> servers_;
};

}  // namespace sluice::proxy
