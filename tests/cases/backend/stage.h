// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/cases/backend/behaviour.h"
#include "tests/cases/backend/gate.h"

namespace sluice::test {

/// What all connections of the backends share: what comes next, and what has happened. Safe to
/// use from several threads.
class Stage {
 public:
  explicit Stage(Gate gate) : gate_(std::move(gate)) {}

  /// Forgets everything that has happened; connections that exist belong to the past.
  Result<void> begin(Behaviour behaviour);

  /// Which behaviour is in force; grows.
  uint64_t act() const;

  struct Cue {
    Step step;
    bool last_of_connection = false;  ///< what follows needs a new connection
  };
  /// What a request at `endpoint` gets; it is counted. Empty: the connection belongs to the past.
  std::optional<Cue> request(uint64_t act, const SocketAddress& endpoint, const HttpHead& head);
  /// The same for a connection whose first bytes are not HTTP.
  std::optional<Cue> bytes(uint64_t act, const SocketAddress& endpoint);

  /// {"requests": N, "byEndpoint": {"10.1.1.1:8080": N}, "connections": {…}, "attempts": {…},
  /// "heads": [{"endpoint", "method", "target", "headers": [[name, value]]}]}. Heads are those of
  /// the first kMaxHeads requests. Waits until `requests` have come, but not past `deadline`.
  nlohmann::json report(uint64_t requests, std::chrono::steady_clock::time_point deadline);

  static constexpr size_t kMaxHeads = 256;

 private:
  Cue next(const SocketAddress& endpoint);
  Result<void> refuseAhead();

  mutable std::mutex mutex_;
  std::condition_variable news_;
  Gate gate_;
  Behaviour behaviour_;
  uint64_t act_ = 0;
  size_t position_ = 0;  ///< in the script
  uint64_t requests_ = 0;
  std::map<SocketAddress, uint64_t> requests_by_endpoint_, connections_by_endpoint_;
  nlohmann::json heads_ = nlohmann::json::array();
};

}  // namespace sluice::test
