// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "userspace/base/buffer.h"
#include "userspace/base/fd.h"
#include "userspace/base/pipe.h"
#include "userspace/base/reactor.h"
#include "userspace/model/address.h"
#include "userspace/proxy/tls/failure.h"

namespace sluice::tls {
class Client;
}

namespace sluice::proxy {

class SocketChannel;

/// Who uses a channel hears here that something happened on it.
class ChannelUser {
 public:
  virtual void channelReady() = 0;

 protected:
  ~ChannelUser() = default;
};

/// Why the encryption of a channel has failed.
struct ChannelFailure {
  tls::Failure why;
  bool unused = false;  ///< the server has taken nothing of what was sent
  SocketAddress server;
  const tls::Client* client = nullptr;  ///< lives as long as the channel
};

/// One end of a stream of bytes both ways, each with an end of its own, that never blocks: a
/// socket, or a stream within a connection of HTTP/2. Remembers what may be worth trying.
class Channel {
 public:
  enum class Io { kProgress, kBlocked, kEnd, kFailed };

  /// How what the peer sends has ended before it was whole.
  enum class Ending {
    kClosed,     ///< with the connection
    kReset,      ///< HTTP/2: the peer has reset the stream
    kRefused,    ///< HTTP/2: the same, and it has done nothing of what we sent
    kMalformed,  ///< HTTP/2: we have reset the stream, as what came was no message
  };

  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  /// From now on until close(), reset() or unwatch(). `user`, which may own the channel, is kept
  /// alive until the end of the reactor's round in which that happens.
  virtual Result<void> watch(std::shared_ptr<ChannelUser> user) = 0;
  /// So that another user may watch it.
  virtual void unwatch() = 0;

  bool readable() const { return readable_; }
  bool writable() const { return writable_; }
  /// Reset, or closed in both directions.
  bool broken() const { return broken_; }
  /// The end of what the peer sends has been read.
  bool exhausted() const { return exhausted_; }
  /// Of a channel that is broken.
  virtual Ending ending() const { return Ending::kClosed; }
  /// Null where nothing failed, or the socket itself did.
  virtual const ChannelFailure* failure() const { return nullptr; }
  /// Of the socket beneath, which must be connected; nothing where there is none.
  virtual std::optional<SocketAddress> localAddress() { return std::nullopt; }
  /// A write has failed: what there is to read says why.
  void expectEnd() { readable_ = true; }

  /// Reads once into buffer.space(), which must not be empty.
  virtual Io read(Buffer& buffer) = 0;
  /// Writes once what fits; `written` grows by that.
  virtual Io write(std::string_view bytes, size_t& written) = 0;
  /// Is there neither a byte nor an end to read?
  virtual bool isQuiet() = 0;
  /// Where bytes pass as they are, so that a pipe can carry them; null for others.
  virtual SocketChannel* plainSocket() { return nullptr; }

  /// The peer sees the end of what we send; what it sends may still be read.
  virtual void shutdownWrite() = 0;
  virtual void close() = 0;
  /// Closes so that the peer sees a reset: what it has got so far is not the whole.
  virtual void reset() = 0;

 protected:
  bool readable_ = false;
  bool writable_ = false;
  bool broken_ = false;
  bool exhausted_ = false;
};

/// A socket's own address, which the kernel is asked for once.
class LocalAddress {
 public:
  std::optional<SocketAddress> of(const Fd& socket);

 private:
  std::optional<SocketAddress> known_;
};

/// A non-blocking stream socket that is watched edge-triggered, once for its whole life: no
/// epoll_ctl() per request.
class SocketChannel final : public Channel {
 public:
  SocketChannel(Reactor& reactor, Fd fd) : reactor_(reactor), fd_(std::move(fd)) {}

  Result<void> watch(std::shared_ptr<ChannelUser> user) override;
  void unwatch() override;
  Io read(Buffer& buffer) override;
  Io write(std::string_view bytes, size_t& written) override;
  bool isQuiet() override;
  SocketChannel* plainSocket() override { return this; }
  std::optional<SocketAddress> localAddress() override { return local_.of(fd_); }
  void shutdownWrite() override;
  void close() override;
  void reset() override;

  /// As read(), at most `most` bytes into an empty pipe. `refusal`, 0 until then: the error number
  /// for which the kernel splices nothing of this socket, which is as it was.
  Io readTo(Pipe& pipe, size_t most, int& refusal);
  /// As write(), of what is in the pipe.
  Io writeFrom(Pipe& pipe, uint64_t& written);

 private:
  void note(uint32_t events);

  Reactor& reactor_;
  Fd fd_;
  LocalAddress local_;
  bool ended_ = false;  ///< the peer sends no more; there may be bytes left to read
};

/// Closes a connection that nobody takes so that its peer sees a reset.
void resetSocket(Fd socket);

}  // namespace sluice::proxy
