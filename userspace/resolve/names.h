// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "userspace/base/random.h"
#include "userspace/base/reactor.h"
#include "userspace/resolve/dns_client.h"

namespace sluice::resolve {

/// Which of a name's addresses are used. Istio: DNS uses all (Envoy: STRICT_DNS), DNS_ROUND_ROBIN
/// the first of each answer (LOGICAL_DNS), so that its order matters.
enum class Use : uint8_t { kAll, kFirst };

using WantedNames = std::map<std::string, Use>;

struct NameState {
  /// Of the last answer; those of `Use::kAll` are sorted. Envoy: a failed lookup leaves them, an
  /// answer without addresses empties them.
  std::vector<IpAddress> addresses;
  std::string problem;  ///< of the last lookup; empty: none
  bool tried = false;   ///< there has been an answer, or a failure
};

/// Why the last lookup has brought no addresses, for people; empty: it has.
inline std::string problemOf(const NameState& state) {
  return state.tried ? state.problem : "no answer yet";
}

/// Keeps the addresses of names fresh. Nobody waits for it: what a request needs is there already.
/// Belongs to the reactor's thread.
///
/// A name is looked up again when its TTL is over, between kShortestTtl and kLongestTtl, and up to
/// a tenth later, so that names that came together do not stay together. What has no address is
/// tried again after kFirstRetry, and twice as long each time up to kLongestRetry.
class Names {
 public:
  static constexpr Duration kShortestTtl = std::chrono::seconds(5);
  static constexpr Duration kLongestTtl = std::chrono::minutes(5);
  static constexpr Duration kFirstRetry = std::chrono::seconds(1);
  static constexpr Duration kLongestRetry = std::chrono::seconds(30);
  /// How long new names may hold up what needs them.
  static constexpr Duration kPatience = std::chrono::seconds(1);
  /// Lookups at one time: more would overflow the sockets' buffers, here and at the server.
  static constexpr size_t kMostAtOnce = 64;

  /// Of one name: a server that gives thousands must not fill the tables. The others are not used.
  static constexpr size_t kMostAddresses = 256;

  /// Of all names since the start.
  struct Counters {
    uint64_t answered = 0;  ///< with addresses
    uint64_t empty = 0;     ///< the name has none
    uint64_t failed = 0;
  };

  /// `changed`: addresses are others than before, of names that had been tried; from the reactor.
  Names(Reactor& reactor, DnsSettings settings, std::function<void()> changed);
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  /// Looks up what is new, forgets what is not named any more.
  void want(const WantedNames& names);

  /// Calls `ready` once every name has been tried, at once if that is so, after kPatience anyhow.
  /// One at a time: the last one counts.
  void whenTried(std::function<void()> ready);

  const std::map<std::string, NameState>& states() const { return states_; }
  const Counters& counters() const { return counters_; }

 private:
  struct Schedule {
    Use use = Use::kAll;
    unsigned failures = 0;  ///< in a row
    Reactor::TimerId timer = 0;
  };

  void ask(const std::string& name);
  void askNext();
  void answered(const std::string& name, DnsAnswer answer);
  bool take(Schedule& schedule, NameState& state, DnsAnswer answer);
  Duration pauseAfter(Schedule& schedule, const DnsAnswer& answer);
  Duration jitter(Duration most);
  bool allTried() const;
  void tellReady();

  Reactor& reactor_;
  std::function<void()> changed_;
  SystemRandom random_;
  std::map<std::string, NameState> states_;
  std::map<std::string, Schedule> schedules_;  ///< of the same names
  std::deque<std::string> queue_;              ///< to be looked up as soon as there is room
  std::set<std::string> running_;              ///< being looked up, or in the queue
  size_t at_once_ = 0;
  Counters counters_;
  std::function<void()> ready_;
  Reactor::TimerId patience_ = 0;
  DnsClient client_;
};

}  // namespace sluice::resolve
