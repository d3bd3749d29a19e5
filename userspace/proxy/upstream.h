// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

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
  /// Which connections may carry the same requests: those of one workload to one address, alike
  /// encrypted, and under the limits of the same cluster. Envoy: each cluster has its own.
  struct Key {
    WorkloadId workload;
    SocketAddress address;
    uint64_t tls = 0;              ///< tls::Client::id(); 0: in plain text
    std::string server_name = {};  ///< that TLS asks for, where the request says it
    uint64_t limits = 0;           ///< PoolUse::number; 0: of no cluster that has some
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      const auto& ip = key.address.ip.bytes;
      const std::string_view bytes(reinterpret_cast<const char*>(ip.data()), ip.size());
      size_t hash = std::hash<WorkloadId>{}(key.workload);
      for (const size_t part :
           {std::hash<std::string_view>{}(bytes), size_t{key.address.port}, size_t{key.tls},
            size_t{key.limits}, std::hash<std::string>{}(key.server_name)})
        hash = hash * 31 + part;
      return hash;
    }
  };
  /// How long a connection may be used: what the policy of its cluster says.
  struct Terms {
    uint32_t requests = std::numeric_limits<uint32_t>::max();
    TimePoint until = TimePoint::max();           ///< it takes no request after that
    std::optional<Duration> idle = std::nullopt;  ///< it is kept; absent: as the pool does
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
  void setTerms(const Terms& terms) { terms_ = terms; }
  const Terms& terms() const { return terms_; }
  /// Another request is sent on it.
  void countRequest() { ++requests_; }
  bool mayTakeAnother(TimePoint now) const {
    return requests_ < terms_.requests && now < terms_.until;
  }
  /// Keeps something as long as the connection is open.
  void hold(std::shared_ptr<void> held) { held_ = std::move(held); }
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
  Terms terms_;
  uint32_t requests_ = 0;
  std::shared_ptr<void> held_;
};

}  // namespace sluice::proxy
