// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "userspace/base/reactor.h"
#include "userspace/model/address.h"

struct ares_channeldata;  // of c-ares

namespace sluice::resolve {

struct DnsSettings {
  /// Asked in this order. Empty: those of /etc/resolv.conf, also when it changes.
  std::vector<SocketAddress> servers;
  /// How long a server may take for its first try; c-ares doubles it with each further round.
  std::chrono::milliseconds timeout{2000};
  int tries = 3;  ///< of each server
};

/// What is known of a name after a lookup of both its IPv4 and its IPv6 addresses.
struct DnsAnswer {
  enum class Kind {
    kAddresses,  ///< at least one
    kNone,       ///< the servers say that there are none (NXDOMAIN, no data)
    kFailed,     ///< nobody knows: timeout, SERVFAIL, refused
  };
  Kind kind = Kind::kFailed;
  /// IPv4 first, each family's in the order of the answer. IPv6 beside IPv4 only as far as this
  /// node has a route to it: else every other connection would fail.
  std::vector<IpAddress> addresses;
  std::chrono::seconds ttl{0};  ///< the shortest of the records; 0 of /etc/hosts
  std::string problem;          ///< why there are no addresses
};

/// Looks names up as the node's programs do, without waiting: /etc/hosts, the servers and search
/// list of /etc/resolv.conf; UDP, and TCP for what does not fit. Belongs to the reactor's thread.
class DnsClient {
 public:
  using Done = std::function<void(DnsAnswer)>;

  DnsClient(Reactor& reactor, DnsSettings settings);
  ~DnsClient();  ///< lookups that are under way are never done
  DnsClient(const DnsClient&) = delete;
  DnsClient& operator=(const DnsClient&) = delete;

  /// Calls `done` from the reactor, never before this returns.
  void lookUp(const std::string& name, Done done);

 private:
  struct CloseChannel {
    void operator()(ares_channeldata* channel) const;
  };
  struct Query;

  bool open();
  bool openAfresh();
  void onSocket(int fd, bool readable, bool writable);
  void onEvents(int fd, uint32_t events);
  void rearm();
  void finish(Query& query);
  void deliver();

  Reactor& reactor_;
  const DnsSettings settings_;
  std::unordered_map<Query*, std::unique_ptr<Query>> running_;
  std::vector<std::pair<Done, DnsAnswer>> finished_;
  std::set<int> watched_;
  Reactor::TimerId timeout_ = 0;
  Reactor::TimerId delivery_ = 0;
  std::filesystem::file_time_type servers_time_{};  ///< of /etc/resolv.conf when it was read
  std::string problem_;                             ///< why there is no channel
  /// Last: what ends with it still reports to the members above.
  std::unique_ptr<ares_channeldata, CloseChannel> channel_;
};

}  // namespace sluice::resolve
