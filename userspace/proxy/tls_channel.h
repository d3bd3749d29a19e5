// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "userspace/base/fd.h"
#include "userspace/base/reactor.h"
#include "userspace/proxy/channel.h"
#include "userspace/proxy/tls/connection.h"

namespace sluice::proxy {

/// A socket through which TLS is spoken with a server. It becomes writable when the server has been
/// verified, and broken when that fails; until then it is neither, so that whoever waits for a
/// connection waits for the handshake, too. Watched edge-triggered, as SocketChannel.
class TlsChannel final : public Channel {
 public:
  /// `socket` is connecting; `client` has no problem().
  TlsChannel(Reactor& reactor, Fd socket, std::shared_ptr<const tls::Client> client,
             const tls::Peer& peer);

  Result<void> watch(std::shared_ptr<ChannelUser> user) override;
  void unwatch() override;
  Io read(Buffer& buffer) override;
  Io write(std::string_view bytes, size_t& written) override;
  /// Takes in what is TLS's own, as offers to resume the session.
  bool isQuiet() override;
  std::optional<SocketAddress> localAddress() override { return local_.of(fd_); }
  /// With close_notify, and the end of the stream behind it.
  void shutdownWrite() override;
  void close() override;
  void reset() override;
  const ChannelFailure* failure() const override { return failure_ ? &*failure_ : nullptr; }

 private:
  enum class Phase : uint8_t { kConnecting, kHandshake, kOpen };

  void note(uint32_t events);
  void shakeHands(uint32_t events);
  void noteOpen(uint32_t events);
  void sendEnd();
  Io failed();

  Reactor& reactor_;
  Fd fd_;
  LocalAddress local_;
  const std::shared_ptr<const tls::Client> client_;
  const SocketAddress server_;
  tls::Connection connection_;
  Phase phase_ = Phase::kConnecting;
  bool ended_ = false;    ///< the peer's socket sends no more; there may be bytes left to read
  bool crossed_ = false;  ///< reading waits for room to write, or the other way round
  bool ending_ = false;   ///< the end is still to be sent
  std::optional<ChannelFailure> failure_;
};

}  // namespace sluice::proxy
