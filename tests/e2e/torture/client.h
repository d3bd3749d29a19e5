// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/e2e/torture/connection.h"
#include "userspace/base/random.h"

namespace sluice::test::torture {

/// What was done and seen, by name; many are added up.
using Tally = std::map<std::string, uint64_t>;

/// One thread of an application that does everything that applications do with connections, at
/// random, and checks every byte that comes back, and that what came back may be.
class Client {
 public:
  /// `timeline` outlives it. The same seed does the same, as far as the answers are the same.
  Client(const Timeline& timeline, uint64_t seed) : timeline_(timeline), random_(seed) {}

  /// Until the timeline says stop, or something has been seen that must not be.
  Result<void> run();

  const Tally& tally() const { return tally_; }

 private:
  struct Request;

  Result<void> step();
  Result<void> useHeld();
  Result<void> shortConnection();
  Result<void> halfClosed();
  Result<void> aborted();
  Result<void> transfer();
  Result<void> cutShort(const Connection& connection, const std::string& got, const Error& error);

  /// Nothing: refused, as it may be.
  Result<std::optional<Connection>> connect(bool tcp);
  Result<std::optional<Connection>> refusal(bool tcp, const Span& span, const Error& error);
  Result<void> checkPath(const Connection& connection);

  /// Sends a request and checks the answer. False: the connection is of no more use, as it may be.
  Result<bool> exchange(Connection& connection, bool last = false);
  Result<bool> check(Connection& connection, const Request& request, const Span& span);
  Result<void> checkServer(Connection& connection, Answers server, bool beta, const Span& span);
  Result<bool> broken(const Connection& connection, const Error& error);
  /// Whether a pod had ended, in `span`, of which `server` is; 0: of which any is.
  bool mayHaveGone(const Span& span, Answers server) const;
  bool mayHaveLeft(const Span& span, Answers server) const;
  static bool wasIdle(const Connection& connection);

  Request anyRequest();
  uint64_t upTo(uint64_t limit) { return random_.draw() % (limit + 1); }
  Error wrong(const Connection& connection, const std::string& what) const;

  const Timeline& timeline_;
  SystemRandom random_;
  std::vector<Connection> held_;
  Tally tally_;
  uint64_t step_ = 0;
};

}  // namespace sluice::test::torture
