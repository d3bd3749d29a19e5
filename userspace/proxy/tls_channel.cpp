// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/tls_channel.h"

#include <sys/epoll.h>
#include <sys/socket.h>

namespace sluice::proxy {

namespace {

using TlsIo = tls::Connection::Io;

constexpr uint32_t kNothingFollows = EPOLLHUP | EPOLLERR;

}  // namespace

TlsChannel::TlsChannel(Reactor& reactor, Fd socket, std::shared_ptr<const tls::Client> client,
                       const tls::Peer& peer)
    : reactor_(reactor),
      fd_(std::move(socket)),
      client_(client),
      server_(peer.address),
      connection_(std::move(client), peer, fd_.get()) {}

Result<void> TlsChannel::watch(std::shared_ptr<ChannelUser> user) {
  constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  return reactor_.add(fd_.get(), kEvents, [this, user = std::move(user)](uint32_t events) {
    note(events);
    user->channelReady();
  });
}

void TlsChannel::unwatch() {
  if (fd_) reactor_.remove(fd_.get());
}

void TlsChannel::note(uint32_t events) {
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) ended_ = true;
  // A connection that could not be made is no matter of TLS.
  if (phase_ == Phase::kConnecting && (events & kNothingFollows) != 0) broken_ = true;
  if (phase_ == Phase::kConnecting && (events & EPOLLOUT) != 0) phase_ = Phase::kHandshake;
  if (broken_) return;
  if (phase_ == Phase::kHandshake) shakeHands(events);
  if (phase_ == Phase::kOpen) noteOpen(events);
}

void TlsChannel::shakeHands(uint32_t events) {
  switch (connection_.handshake()) {
    case TlsIo::kDone:
      phase_ = Phase::kOpen;
      writable_ = true;
      return;
    case TlsIo::kWantsRead:
    case TlsIo::kWantsWrite:
      broken_ = (events & kNothingFollows) != 0;
      return;
    case TlsIo::kEnd:
    case TlsIo::kFailed:
      failed();
      broken_ = true;
  }
}

// What came with the end of the handshake may have been read from the socket already.
void TlsChannel::noteOpen(uint32_t events) {
  if ((events & (EPOLLOUT | kNothingFollows)) != 0 || crossed_) writable_ = true;
  crossed_ = false;
  if ((events & ~EPOLLOUT) != 0 || !connection_.drained()) isQuiet();
  if ((events & kNothingFollows) != 0) broken_ = true;
  if (ending_) sendEnd();
}

Channel::Io TlsChannel::read(Buffer& buffer) {
  size_t size = 0;
  const TlsIo io = connection_.read(buffer.space(), size);
  switch (io) {
    case TlsIo::kDone:
      buffer.commit(size);
      // As for plain sockets: what comes later is a new edge, unless the end has been reported.
      if (connection_.drained() && !ended_) readable_ = false;
      return Io::kProgress;
    case TlsIo::kWantsRead:
    case TlsIo::kWantsWrite:
      readable_ = false;
      crossed_ |= io == TlsIo::kWantsWrite;
      return Io::kBlocked;
    case TlsIo::kEnd:
      readable_ = false;
      exhausted_ = true;
      return Io::kEnd;
    case TlsIo::kFailed:
      readable_ = false;
      break;
  }
  return failed();
}

Channel::Io TlsChannel::write(std::string_view bytes, size_t& written) {
  const TlsIo io = connection_.write(bytes, written);
  switch (io) {
    case TlsIo::kDone:
      return Io::kProgress;
    case TlsIo::kWantsRead:
    case TlsIo::kWantsWrite:
      writable_ = false;
      crossed_ |= io == TlsIo::kWantsRead;
      return Io::kBlocked;
    case TlsIo::kEnd:
    case TlsIo::kFailed:
      writable_ = false;
      isQuiet();  // the server may have said why before it closed
      break;
  }
  return failed();
}

Channel::Io TlsChannel::failed() {
  if (const auto& why = connection_.failure(); why && !failure_)
    failure_ = ChannelFailure{*why, connection_.failedUnused(), server_, client_.get()};
  return Io::kFailed;
}

bool TlsChannel::isQuiet() {
  const TlsIo io = connection_.peek();
  readable_ = io != TlsIo::kWantsRead && io != TlsIo::kWantsWrite;
  crossed_ |= io == TlsIo::kWantsWrite;
  if (io == TlsIo::kFailed) failed();
  return !readable_;
}

void TlsChannel::shutdownWrite() {
  ending_ = true;
  sendEnd();
}

void TlsChannel::sendEnd() {
  if (connection_.finish() == TlsIo::kWantsWrite) return;
  ending_ = false;
  ::shutdown(fd_.get(), SHUT_WR);
}

void TlsChannel::close() {
  if (fd_) connection_.finish();
  unwatch();
  fd_.reset();
}

void TlsChannel::reset() {
  unwatch();
  resetSocket(std::move(fd_));
}

}  // namespace sluice::proxy
