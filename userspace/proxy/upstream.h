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
class Upstream final : public Timed,
                       public ChannelUser,
                       public std::enable_shared_from_this<Upstream> {
 public:
  /// Which connections may carry the same requests: those of one workload to one address.
  struct Key {
    WorkloadId workload;
    SocketAddress address;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  /// `channel` is connecting; `user` hears when it is done.
  static Result<std::shared_ptr<Upstream>> watch(std::shared_ptr<Channel> channel, const Key& key,
                                                 UpstreamUser& user);

  Channel& channel() { return *channel_; }
  const Key& key() const { return key_; }
  /// An earlier request was answered on it.
  bool reused() const { return reused_; }
  void setReused() { reused_ = true; }
  /// It is one of several requests on a connection, which lives on without it.
  bool multiplexed() const { return multiplexed_; }
  void setMultiplexed() { multiplexed_ = true; }
  void setUser(UpstreamUser& user) { user_ = &user; }

  /// Gives the channel away; nobody watches it any more.
  std::shared_ptr<Channel> release();

  void close();
  /// The server sees a reset.
  void abort();

 private:
  Upstream(std::shared_ptr<Channel> channel, const Key& key, UpstreamUser& user)
      : channel_(std::move(channel)), key_(key), user_(&user) {}
  void channelReady() override;
  void expired() override;

  std::shared_ptr<Channel> channel_;
  Key key_;
  UpstreamUser* user_;  ///< null when closed
  bool reused_ = false;
  bool multiplexed_ = false;
};

}  // namespace sluice::proxy
