// SPDX-License-Identifier: Apache-2.0
// A name server for tests, on 127.0.0.1: UDP, and TCP on the same port.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/fd.h"
#include "userspace/base/reactor.h"
#include "userspace/model/address.h"

namespace sluice::test {

inline IpAddress ip(const std::string& text) { return *IpAddress::parse(text); }

class DnsServer {
 public:
  enum Rcode : uint8_t { kNoError = 0, kServfail = 2, kNxdomain = 3 };

  struct Record {
    std::vector<IpAddress> addresses = {};
    uint32_t ttl = 60;  ///< seconds
    Rcode rcode_v4 = kNoError;
    bool silent = false;
  };

  /// What it knows; other names do not exist.
  std::map<std::string, Record> zone;
  std::map<std::string, size_t> queries;  ///< for IPv4 addresses
  size_t over_tcp = 0;
  bool holds = false;  ///< its answers, until release()

  explicit DnsServer(Reactor& reactor) : reactor_(reactor) {
    // A port that is free for UDP may be another's for TCP.
    for (int tries = 0; tries < 100 && !bindBoth(); ++tries) continue;
    EXPECT_EQ(::listen(tcp_.get(), 4), 0);
    EXPECT_TRUE(reactor_.add(udp_.get(), EPOLLIN, [this](uint32_t) { onDatagram(); }).ok());
    EXPECT_TRUE(reactor_.add(tcp_.get(), EPOLLIN, [this](uint32_t) { onConnection(); }).ok());
  }

  ~DnsServer() {
    reactor_.remove(udp_.get());
    reactor_.remove(tcp_.get());
    for (const auto& client : clients_) reactor_.remove(client.get());
  }

  const SocketAddress& address() const { return address_; }

  void release() {
    holds = false;
    for (auto& held : std::exchange(held_, {})) send(held);
  }

 private:
  using Message = std::vector<uint8_t>;
  static constexpr uint16_t kTypeA = 1, kTypeAaaa = 28;
  static constexpr size_t kHeader = 12, kMostOverUdp = 512;

  struct Datagram {
    Message bytes;
    sockaddr_storage to{};
    socklen_t length = sizeof(to);
  };

  static sockaddr* generic(sockaddr_storage& address) {
    return reinterpret_cast<sockaddr*>(&address);
  }

  static Fd socketOf(int type) { return Fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0)); }

  bool bindBoth() {
    udp_ = socketOf(SOCK_DGRAM);
    tcp_ = socketOf(SOCK_STREAM);
    sockaddr_storage address{};
    auto length = SocketAddress{ip("127.0.0.1"), 0}.to(AF_INET, address);
    EXPECT_EQ(::bind(udp_.get(), generic(address), length), 0);
    length = sizeof(address);
    EXPECT_EQ(::getsockname(udp_.get(), generic(address), &length), 0);
    address_ = *SocketAddress::from(address);
    return ::bind(tcp_.get(), generic(address), length) == 0;
  }

  void onDatagram() {
    std::array<uint8_t, kMostOverUdp> bytes;
    Datagram reply;
    const auto size =
        ::recvfrom(udp_.get(), bytes.data(), bytes.size(), 0, generic(reply.to), &reply.length);
    ASSERT_GT(size, 0);
    reply.bytes = answer(std::span(bytes).first(static_cast<size_t>(size)));
    if (reply.bytes.empty()) return;
    if (reply.bytes.size() > kMostOverUdp) truncate(reply.bytes, static_cast<size_t>(size));
    if (holds)
      held_.push_back(std::move(reply));
    else
      send(reply);
  }

  void send(Datagram& reply) {
    EXPECT_GT(::sendto(udp_.get(), reply.bytes.data(), reply.bytes.size(), 0, generic(reply.to),
                       reply.length),
              0);
  }

  void onConnection() {
    auto& client = clients_.emplace_back(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(client);
    EXPECT_TRUE(
        reactor_.add(client.get(), EPOLLIN, [this, fd = client.get()](uint32_t) { onStream(fd); })
            .ok());
  }

  /// The queries of tests arrive in one piece.
  void onStream(int fd) {
    std::array<uint8_t, kMostOverUdp> bytes;
    const auto size = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (size <= 2) return reactor_.remove(fd);
    ++over_tcp;
    auto reply = answer(std::span(bytes).subspan(2, static_cast<size_t>(size) - 2));
    const Message prefix = {static_cast<uint8_t>(reply.size() >> 8),
                            static_cast<uint8_t>(reply.size())};
    reply.insert(reply.begin(), prefix.begin(), prefix.end());
    EXPECT_EQ(::send(fd, reply.data(), reply.size(), 0), static_cast<ssize_t>(reply.size()));
  }

  /// To the question, which is what the query was.
  static void truncate(Message& reply, size_t question) {
    reply.resize(question);
    reply[2] |= 2;  // TC
    reply[6] = reply[7] = 0;
  }

  /// Of a query with one question (RFC 1035 §4.1); empty for one that is not answered.
  Message answer(std::span<const uint8_t> query) {
    std::string name;
    size_t at = kHeader;
    for (; query[at] != 0; at += query[at] + 1U)
      name.append(name.empty() ? "" : ".")
          .append(query.begin() + static_cast<long>(at) + 1,
                  query.begin() + static_cast<long>(at) + 1 + query[at]);
    const auto type = static_cast<uint16_t>(query[at + 1] << 8 | query[at + 2]);
    if (type == kTypeA) ++queries[name];
    const auto record = zone.find(name);
    if (record == zone.end()) return reply(query.first(at + 5), {}, {.rcode_v4 = kNxdomain}, type);
    if (record->second.silent) return {};
    return reply(query.first(at + 5), record->second.addresses, record->second, type);
  }

  static Message reply(std::span<const uint8_t> question, const std::vector<IpAddress>& addresses,
                       const Record& record, uint16_t type) {
    Message message(question.begin(), question.end());
    message[2] = 0x81;  // a response, recursion desired
    const bool fails = record.rcode_v4 == kNxdomain || type == kTypeA;
    message[3] = static_cast<uint8_t>(0x80 | (fails ? record.rcode_v4 : kNoError));
    uint16_t count = 0;
    for (const auto& address : addresses)
      if (address.isV4() == (type == kTypeA) && record.rcode_v4 == kNoError)
        append(message, address, type, record.ttl, count);
    message[6] = static_cast<uint8_t>(count >> 8);
    message[7] = static_cast<uint8_t>(count);
    for (size_t i = 8; i < kHeader; ++i) message[i] = 0;
    return message;
  }

  static void append(Message& message, const IpAddress& address, uint16_t type, uint32_t ttl,
                     uint16_t& count) {
    const uint8_t length = type == kTypeA ? 4 : 16;
    const Message head = {0xc0,
                          kHeader,
                          0,
                          static_cast<uint8_t>(type),
                          0,
                          1,
                          static_cast<uint8_t>(ttl >> 24),
                          static_cast<uint8_t>(ttl >> 16),
                          static_cast<uint8_t>(ttl >> 8),
                          static_cast<uint8_t>(ttl),
                          0,
                          length};
    message.insert(message.end(), head.begin(), head.end());
    message.insert(message.end(), address.bytes.end() - length, address.bytes.end());
    ++count;
  }

  Reactor& reactor_;
  Fd udp_, tcp_;
  SocketAddress address_;
  std::vector<Fd> clients_;
  std::vector<Datagram> held_;
};

/// Lets the reactor work until `done`; gives up after ten seconds of real time.
template <typename Done>
void runUntil(Reactor& reactor, const Done& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!done() && std::chrono::steady_clock::now() < deadline)
    reactor.runOnce(std::chrono::milliseconds(10));
  EXPECT_TRUE(done());
}

}  // namespace sluice::test
