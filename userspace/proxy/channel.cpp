// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/channel.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace sluice::proxy {

namespace {

/// What splice(2) says for itself, not for the connection: seccomp filters and security modules
/// may refuse it, and the kernel for sockets of some kinds.
bool isRefusal(int error) {
  return error == EINVAL || error == ENOSYS || error == EPERM || error == EACCES ||
         error == EOPNOTSUPP;
}

}  // namespace

std::optional<SocketAddress> LocalAddress::of(const Fd& socket) {
  if (known_) return known_;
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  const auto address = SocketAddress::from(storage);
  if (address.ok()) known_ = *address;
  return known_;
}

Result<void> SocketChannel::watch(std::shared_ptr<ChannelUser> user) {
  constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  return reactor_.add(fd_.get(), kEvents, [this, user = std::move(user)](uint32_t events) {
    note(events);
    user->channelReady();
  });
}

void SocketChannel::unwatch() {
  if (fd_) reactor_.remove(fd_.get());
}

void SocketChannel::note(uint32_t events) {
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) ended_ = true;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) broken_ = true;
}

Channel::Io SocketChannel::read(Buffer& buffer) {
  const auto space = buffer.space();
  ssize_t count = 0;
  do {
    count = ::recv(fd_.get(), space.data(), space.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count > 0) {
    buffer.commit(static_cast<size_t>(count));
    // epoll(7): a short read of a stream has emptied it, and what comes later is a new edge. Not
    // so when the end has been reported already: it is still to be read.
    if (static_cast<size_t>(count) < space.size() && !ended_) readable_ = false;
    return Io::kProgress;
  }
  readable_ = false;
  if (count == 0) {
    exhausted_ = true;
    return Io::kEnd;
  }
  return errno == EAGAIN ? Io::kBlocked : Io::kFailed;
}

Channel::Io SocketChannel::write(std::string_view bytes, size_t& written) {
  ssize_t count = 0;
  do {
    count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) {
    written += static_cast<size_t>(count);
    if (static_cast<size_t>(count) < bytes.size()) writable_ = false;
    return Io::kProgress;
  }
  writable_ = false;
  return errno == EAGAIN ? Io::kBlocked : Io::kFailed;
}

Channel::Io SocketChannel::readTo(Pipe& pipe, size_t most, int& refusal) {
  const ssize_t count = pipe.fill(fd_.get(), most);
  // A pipe that is full says nothing of the socket: only an empty one that stays so does.
  if (count > 0) return Io::kProgress;
  if (count < 0 && isRefusal(errno)) {
    refusal = errno;
    return Io::kFailed;
  }
  readable_ = false;
  if (count == 0) {
    exhausted_ = true;
    return Io::kEnd;
  }
  return errno == EAGAIN ? Io::kBlocked : Io::kFailed;
}

Channel::Io SocketChannel::writeFrom(Pipe& pipe, uint64_t& written) {
  const ssize_t count = pipe.drain(fd_.get());
  if (count > 0) {
    written += static_cast<uint64_t>(count);
    return Io::kProgress;
  }
  writable_ = false;
  return count < 0 && errno == EAGAIN ? Io::kBlocked : Io::kFailed;
}

bool SocketChannel::isQuiet() {
  char byte = 0;
  const ssize_t count = ::recv(fd_.get(), &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
  readable_ = count >= 0 || errno != EAGAIN;
  return !readable_;
}

void SocketChannel::shutdownWrite() { ::shutdown(fd_.get(), SHUT_WR); }

void SocketChannel::close() {
  unwatch();
  fd_.reset();
}

void SocketChannel::reset() {
  unwatch();
  resetSocket(std::move(fd_));
}

void resetSocket(Fd socket) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

}  // namespace sluice::proxy
