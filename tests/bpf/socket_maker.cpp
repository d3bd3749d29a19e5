// SPDX-License-Identifier: Apache-2.0
#include "tests/bpf/socket_maker.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

namespace sluice::test {

namespace {

struct Wish {
  int family;
  int type;
};

/// One byte with the descriptor; without one when there is none.
void sendFd(int channel, int fd) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd, sizeof(fd));
  }
  if (::sendmsg(channel, &message, 0) < 0) ::_exit(1);
}

Fd receiveFd(int channel) {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(channel, &message, MSG_CMSG_CLOEXEC) <= 0) return Fd();
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr) return Fd();
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof(fd));
  return Fd(fd);
}

/// The child: until the other end is closed.
[[noreturn]] void serve(int channel) {
  Wish wish{};
  while (::recv(channel, &wish, sizeof(wish), 0) == static_cast<ssize_t>(sizeof(wish))) {
    Fd made(::socket(wish.family, wish.type, 0));
    sendFd(channel, made.get());
    made.reset();
    // Only now is the other end's descriptor the only one, and closing it closes the connection.
    if (::send(channel, &wish, 1, 0) < 0) ::_exit(1);
  }
  ::_exit(0);
}

Result<void> moveTo(const std::filesystem::path& cgroup, pid_t pid) {
  const auto path = cgroup / "cgroup.procs";
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const auto text = std::to_string(pid);
  if (file && ::write(file.get(), text.data(), text.size()) > 0) return {};
  return Error::system("write " + path.string());
}

}  // namespace

Result<std::unique_ptr<SocketMaker>> SocketMaker::in(const std::filesystem::path& cgroup) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    return Error::system("socketpair");
  }
  Fd ours(pair[0]);
  Fd theirs(pair[1]);
  const pid_t child = ::fork();
  if (child < 0) return Error::system("fork");
  if (child == 0) {
    ours.reset();
    serve(theirs.get());
  }
  std::unique_ptr<SocketMaker> maker(new SocketMaker(std::move(ours), child));
  SLUICE_TRY(moveTo(cgroup, child));
  return maker;
}

SocketMaker::~SocketMaker() {
  channel_.reset();
  ::waitpid(child_, nullptr, 0);
}

Result<Fd> SocketMaker::make(int family, int type) {
  const Wish wish{family, type};
  if (::send(channel_.get(), &wish, sizeof(wish), 0) < 0) return Error::system("ask for a socket");
  Fd made = receiveFd(channel_.get());
  char alone = 0;
  if (::recv(channel_.get(), &alone, 1, 0) != 1) return Error::system("wait for the socket");
  if (!made) return Error(Error::Code::kSystem, "the child could not make the socket");
  return made;
}

}  // namespace sluice::test
