// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "tests/e2e/torture/timeline.h"
#include "tests/support/http_stream.h"

namespace sluice::test::torture {

/// How an application makes its socket.
struct SocketKind {
  int family = 2;       ///< AF_INET
  bool mapped = false;  ///< AF_INET6 that calls the IPv4 address
  bool blocking = true;
  bool fast_open = false;

  static SocketKind any(Random& random);
  std::string text() const;
  bool callsV6() const;
};

/// A connection to the service, and what is known about it.
struct Connection {
  HttpStream stream;
  SocketKind kind;
  Span opened;  ///< of connect()
  Path path = Path::kConnect;
  Answers server = 0;  ///< of the connect path: who has answered; 0: nobody yet
  uint64_t used = 0;   ///< when the last answer had come, ns; 0: not yet

  std::string text() const;
};

/// Connects. `kUnavailable` means refused. What hangs for 20 s is an error.
Result<Connection> open(const SocketKind& kind, const SocketAddress& to);

/// No read or write of the connection may take longer without any progress.
constexpr int kPatienceSeconds = 20;

/// True when the error says that kPatienceSeconds have passed.
bool hung(const Error& error);

/// Ends it with a reset instead of the usual handshake.
void resetAndClose(Connection connection);

}  // namespace sluice::test::torture
