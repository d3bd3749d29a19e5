// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/packet.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "userspace/broker/protocol.h"

namespace sluice::broker {

namespace {

constexpr size_t kControlSize = CMSG_SPACE(sizeof(int) * kMaxFds);

Error gone(int errnum) {
  return Error::relayed(Error::Code::kUnavailable, errnum, "broker channel: the other end is gone",
                        {});
}

bool isGone(int errnum) { return errnum == EPIPE || errnum == ECONNRESET; }

void attach(std::span<const Fd> fds, std::span<std::byte> control, msghdr& message) {
  const size_t size = fds.size() * sizeof(int);
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(size);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(size);
  std::array<int, kMaxFds> numbers{};
  std::ranges::transform(fds, numbers.begin(), &Fd::get);
  std::memcpy(CMSG_DATA(header), numbers.data(), size);
}

// Everything that came is owned from here on, so that no packet can leave descriptors behind.
std::vector<Fd> take(msghdr& message) {
  std::vector<Fd> fds;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
      fds.emplace_back(fd);
    }
  }
  return fds;
}

}  // namespace

Result<std::pair<Fd, Fd>> packetPair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Error::system("socketpair");
  }
  return std::pair(Fd(ends[0]), Fd(ends[1]));
}

Result<bool> sendPacket(int socket, std::span<const std::byte> bytes, std::span<const Fd> fds) {
  if (fds.size() > kMaxFds) {
    return Error(Error::Code::kInvalid, "broker channel: too many descriptors in one message");
  }
  iovec io{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &io;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<std::byte, kControlSize> control{};
  if (!fds.empty()) attach(fds, control, message);
  if (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
  if (errno == EAGAIN || errno == EINTR) return false;
  if (isGone(errno)) return gone(errno);
  return Error::system("broker channel: sendmsg");
}

Result<std::optional<Packet>> receivePacket(int socket) {
  std::array<std::byte, kMaxMessage> buffer;
  alignas(cmsghdr) std::array<std::byte, kControlSize> control;
  iovec io{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &io;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::optional<Packet>();
  if (size < 0 && !isGone(errno)) return Error::system("broker channel: recvmsg");
  if (size <= 0) return gone(size < 0 ? errno : 0);
  Packet packet;
  packet.fds = take(message);
  packet.fds_lost = (message.msg_flags & MSG_CTRUNC) != 0;
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    return Error(Error::Code::kInvalid, "broker channel: a message larger than any");
  }
  packet.bytes.assign(buffer.begin(), buffer.begin() + size);
  return std::optional(std::move(packet));
}

}  // namespace sluice::broker
