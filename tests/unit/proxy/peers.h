// SPDX-License-Identifier: Apache-2.0
// The two ends of the proxy, on loopback sockets: a client and a server that do exactly what the
// test says. Nothing here waits; the test turns the reactor until what it expects is there.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/fd.h"
#include "userspace/model/address.h"

namespace sluice::proxy::test {

inline void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(std::string(what) + ": errno " + std::to_string(errno));
}

inline sockaddr_in loopback(uint32_t host, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(port);
  return address;
}

/// A listening socket on `host` (host byte order; 0: every address), port chosen by the kernel.
inline Fd listenOn(uint32_t host) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto address = loopback(host, 0);
  require(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
          "bind");
  require(::listen(fd.get(), 512) == 0, "listen");
  return fd;
}

inline uint16_t portOf(const Fd& fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

inline Fd connectTo(uint32_t host, uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const auto address = loopback(host, port);
  const int result =
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  require(result == 0 || errno == EINPROGRESS, "connect");
  return fd;
}

/// One end of a connection.
class Peer {
 public:
  explicit Peer(Fd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  uint16_t localPort() const { return portOf(fd_); }
  /// Queues bytes; poll() sends what fits.
  void send(std::string_view bytes) { outgoing_.append(bytes); }
  /// After everything that is queued.
  void finish() { finish_ = true; }
  void close() { fd_.reset(); }
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    fd_.reset();
  }
  /// Stops reading, so that the other side feels back-pressure.
  void stall(bool stalled) { stalled_ = stalled; }

  std::string& received() { return received_; }
  size_t unsent() const { return outgoing_.size() - sent_; }
  bool ended() const { return ended_; }
  bool wasReset() const { return reset_; }
  bool over() const { return ended_ || reset_; }

  void poll() {
    if (!fd_) return;
    write();
    if (!stalled_) read();
  }

 private:
  void write() {
    while (unsent() > 0) {
      const auto n = ::send(fd_.get(), outgoing_.data() + sent_, unsent(), MSG_NOSIGNAL);
      const bool later = n < 0 && (errno == EAGAIN || errno == ENOTCONN);
      if (later) return;
      // Nobody reads any more: what is left is lost.
      sent_ = n < 0 ? outgoing_.size() : sent_ + static_cast<size_t>(n);
    }
    outgoing_.clear();
    sent_ = 0;
    if (finish_) ::shutdown(fd_.get(), SHUT_WR);
    finish_ = false;
  }
  void read() {
    char bytes[65536];
    while (!over()) {
      const auto n = ::recv(fd_.get(), bytes, sizeof(bytes), 0);
      if (n > 0) received_.append(bytes, static_cast<size_t>(n));
      if (n == 0) ended_ = true;
      if (n < 0) {
        reset_ = errno != EAGAIN && errno != EINPROGRESS && errno != ENOTCONN;
        return;
      }
    }
  }

  Fd fd_;
  std::string outgoing_, received_;
  size_t sent_ = 0;
  bool finish_ = false, stalled_ = false, ended_ = false, reset_ = false;
};

/// A server whose connections the test reads and answers; or that answers each head by itself.
class Server {
 public:
  using Answer = std::function<std::string(std::string_view head)>;

  explicit Server(Answer answer = {})
      : listener_(listenOn(INADDR_LOOPBACK)),
        port_(portOf(listener_)),
        answer_(std::move(answer)) {}

  SocketAddress address() const { return {*IpAddress::parse("127.0.0.1"), port_}; }
  std::vector<std::unique_ptr<Peer>>& connections() { return connections_; }
  Peer& connection(size_t index) { return *connections_.at(index); }
  size_t requests() const { return requests_; }
  /// From now on connections are refused.
  void stopListening() { listener_.reset(); }

  void poll() {
    while (listener_) {
      Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) break;
      connections_.push_back(std::make_unique<Peer>(std::move(fd)));
    }
    for (auto& connection : connections_) {
      connection->poll();
      if (answer_) answerAll(*connection);
    }
  }

 private:
  void answerAll(Peer& connection) {
    auto& bytes = connection.received();
    for (size_t end = bytes.find("\r\n\r\n"); end != bytes.npos; end = bytes.find("\r\n\r\n")) {
      ++requests_;
      connection.send(answer_(std::string_view(bytes).substr(0, end + 4)));
      bytes.erase(0, end + 4);
    }
    connection.poll();
  }

  Fd listener_;
  uint16_t port_;
  Answer answer_;
  std::vector<std::unique_ptr<Peer>> connections_;
  size_t requests_ = 0;
};

}  // namespace sluice::proxy::test
