// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/address.h"
#include "userspace/proxy/tls/client.h"
#include "userspace/proxy/tls/failure.h"
#include "userspace/proxy/tls/socket_bio.h"

namespace sluice::tls {

/// Whom a connection is to.
struct Peer {
  SocketAddress address;
  std::string host;    ///< that the request names; empty: there is no request, or no name
  bool http2 = false;  ///< what ALPN asks for; Istio: nothing for HTTP/1.1
};

/// One connection, over a non-blocking socket that belongs to somebody else. Nothing waits.
class Connection {
 public:
  enum class Io {
    kDone,
    kWantsRead,   ///< again when there is something to read
    kWantsWrite,  ///< again when there is room to write
    kEnd,         ///< the server has said that it sends no more
    kFailed,      ///< see failure(); without one the socket has failed
  };

  /// `client` has no problem().
  Connection(std::shared_ptr<const Client> client, const Peer& peer, int socket);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Io handshake();
  /// At most one record; `size` is what was read.
  Io read(std::span<char> space, size_t& size);
  /// Whether there is something to read, without reading it; kDone: there is.
  Io peek();
  /// At most one record; after kWants… the next call must begin with the same bytes.
  Io write(std::string_view bytes, size_t& written);
  /// Tells the server that nothing more comes. What it sends may still be read.
  Io finish();

  /// Nothing can be read before the socket has more.
  bool drained() const;
  bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  const std::optional<Failure>& failure() const { return failure_; }
  /// It has failed before the server has taken anything of a request.
  bool failedUnused() const { return failed_unused_; }

  // What all connections of a context have in common.
  static void prepare(SSL_CTX& context);
  static void verify(SSL_CTX& context);

 private:
  static Connection& of(const SSL* ssl);
  static int keepSession(SSL* ssl, SSL_SESSION* session);
  static int checkName(int trusted, X509_STORE_CTX* chain);

  void setUp(const Peer& peer);
  Io outcome(int result);
  Io fail(Failure why);
  Io failWithError();
  Failure ofVerification() const;

  const std::shared_ptr<const Client> client_;
  const Sessions::Key session_key_;
  const std::vector<std::string> names_;  ///< that are expected
  SocketEnd end_;
  SslPtr ssl_;  ///< null: out of memory
  bool established_ = false;
  bool answered_ = false;  ///< the server has sent something besides its handshake
  bool failed_unused_ = false;
  bool failed_ = false;  ///< for good
  std::optional<Failure> failure_;
};

}  // namespace sluice::tls
