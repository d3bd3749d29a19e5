// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "userspace/base/deadlines.h"
#include "userspace/base/reactor.h"
#include "userspace/model/address.h"
#include "userspace/model/ids.h"
#include "userspace/proxy/channel.h"

namespace sluice::proxy {

class Upstream;

/// Whoever an upstream connection works for at the moment: a session, or the pool.
class UpstreamUser {
 public:
  /// Something happened on the connection; see its channel.
  virtual void upstreamReady(Upstream& upstream) = 0;

 protected:
  ~UpstreamUser() = default;
};

/// A connection to a server. The reactor keeps it alive until the end of the round in which it is
/// closed, so a user may close it from within upstreamReady().
class Upstream final : public Timed, public std::enable_shared_from_this<Upstream> {
 public:
  /// Which connections may carry the same requests: those of one workload to one address.
  struct Key {
    WorkloadId workload;
    SocketAddress address;
    friend bool operator==(const Key&, const Key&) = default;
  };

  /// `fd` is connecting; `user` hears when it is done.
  static Result<std::shared_ptr<Upstream>> watch(Reactor& reactor, Fd fd, const Key& key,
                                                 UpstreamUser& user);

  Channel& channel() { return channel_; }
  const Key& key() const { return key_; }
  /// An earlier request was answered on it.
  bool reused() const { return reused_; }
  void setReused() { reused_ = true; }
  void setUser(UpstreamUser& user) { user_ = &user; }

  void close();
  /// The server sees a reset.
  void abort();

 private:
  Upstream(Reactor& reactor, Fd fd, const Key& key, UpstreamUser& user);
  void onEvents(uint32_t events);
  void expired() override;

  Reactor& reactor_;
  Channel channel_;
  Key key_;
  UpstreamUser* user_;  ///< null when closed
  bool reused_ = false;
};

}  // namespace sluice::proxy
