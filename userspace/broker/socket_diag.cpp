// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/socket_diag.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <optional>

#include "maps/lib/address.h"

namespace sluice::broker {
namespace {

/// Larger than any datagram of a dump (the kernel makes them of 32 KiB at most).
constexpr size_t kDatagram = 65536;

constexpr uint32_t kLiving = 1U << TCP_ESTABLISHED | 1U << TCP_SYN_SENT | 1U << TCP_FIN_WAIT1 |
                             1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSE_WAIT | 1U << TCP_LAST_ACK |
                             1U << TCP_CLOSING;

constexpr std::array<uint8_t, 2> kFamilies{AF_INET, AF_INET6};

/// Asks for the sockets of one family, with one map's storage.
struct ListRequest {
  nlmsghdr header{};
  inet_diag_req_v2 what{};
  nlattr storages{};
  nlattr map{};
  uint32_t map_fd = 0;
};

/// About one socket.
struct SocketRequest {
  nlmsghdr header{};
  inet_diag_req_v2 what{};
};

constexpr uint8_t kWithUse = 1U << (INET_DIAG_INFO - 1);

ListRequest listRequest(uint8_t family, int store, uint8_t extensions) {
  ListRequest request;
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.what.sdiag_family = family;
  request.what.sdiag_protocol = IPPROTO_TCP;
  request.what.idiag_ext = extensions;
  request.what.idiag_states = kLiving;
  request.storages.nla_len =
      sizeof(request.storages) + sizeof(request.map) + sizeof(request.map_fd);
  request.storages.nla_type = INET_DIAG_REQ_SK_BPF_STORAGES | NLA_F_NESTED;
  request.map.nla_len = sizeof(request.map) + sizeof(request.map_fd);
  request.map.nla_type = SK_DIAG_BPF_STORAGE_REQ_MAP_FD;
  request.map_fd = static_cast<uint32_t>(store);
  return request;
}

SocketRequest socketRequest(const SeenSocket& socket, uint16_t type, uint16_t flags) {
  SocketRequest request;
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = type;
  request.header.nlmsg_flags = NLM_F_REQUEST | flags;
  request.what.sdiag_family = socket.family;
  request.what.sdiag_protocol = IPPROTO_TCP;
  request.what.id = socket.id;
  return request;
}

/// Calls visit(type, payload) for each attribute, as far as they are well-formed.
template <typename Visitor>
void eachAttribute(std::span<const std::byte> bytes, const Visitor& visit) {
  while (bytes.size() >= sizeof(nlattr)) {
    nlattr header{};
    std::memcpy(&header, bytes.data(), sizeof(header));
    if (header.nla_len < sizeof(header) || header.nla_len > bytes.size()) return;
    visit(header.nla_type & NLA_TYPE_MASK,
          bytes.subspan(sizeof(header), header.nla_len - sizeof(header)));
    bytes = bytes.subspan(std::min<size_t>(NLA_ALIGN(header.nla_len), bytes.size()));
  }
}

/// INET_DIAG_SK_BPF_STORAGES > SK_DIAG_BPF_STORAGE > SK_DIAG_BPF_STORAGE_MAP_VALUE.
std::optional<connection> storageIn(std::span<const std::byte> attributes) {
  std::optional<connection> value;
  eachAttribute(attributes, [&](int type, auto storages) {
    if (type != INET_DIAG_SK_BPF_STORAGES) return;
    eachAttribute(storages, [&](int, auto storage) {
      eachAttribute(storage, [&](int field, auto bytes) {
        if (field != SK_DIAG_BPF_STORAGE_MAP_VALUE || bytes.size() < sizeof(connection)) return;
        std::memcpy(&value.emplace(), bytes.data(), sizeof(connection));
      });
    });
  });
  if (value && (value->flags & CONN_OVER) != 0) value.reset();
  return value;
}

uint64_t cgroupIn(std::span<const std::byte> attributes) {
  uint64_t cgroup = 0;
  eachAttribute(attributes, [&](int type, auto bytes) {
    if (type == INET_DIAG_CGROUP_ID && bytes.size() >= sizeof(cgroup))
      std::memcpy(&cgroup, bytes.data(), sizeof(cgroup));
  });
  return cgroup;
}

std::optional<SocketUse> useIn(std::span<const std::byte> attributes) {
  std::optional<SocketUse> use;
  eachAttribute(attributes, [&](int type, auto bytes) {
    if (type == INET_DIAG_INFO) use = readUse(bytes);
  });
  return use;
}

void addSocket(std::span<const std::byte> payload, std::vector<SeenSocket>& found) {
  inet_diag_msg message{};
  if (payload.size() < sizeof(message)) return;
  std::memcpy(&message, payload.data(), sizeof(message));
  const auto attributes = payload.subspan(sizeof(message));
  found.push_back({.family = message.idiag_family,
                   .state = message.idiag_state,
                   .id = message.id,
                   .cgroup = cgroupIn(attributes),
                   .remembered = storageIn(attributes),
                   .unread = message.idiag_rqueue,
                   .unacked = message.idiag_wqueue,
                   .use = useIn(attributes)});
}

/// 0, or the errno that the kernel answers.
int errorIn(std::span<const std::byte> payload) {
  int negative = -EBADMSG;
  if (payload.size() >= sizeof(negative)) std::memcpy(&negative, payload.data(), sizeof(negative));
  return -negative;
}

SocketAddress addressOf(uint8_t family, const __be32 (&words)[4], __be16 port) {
  SocketAddress address;
  address.port = ntohs(port);
  if (family == AF_INET)
    address_set_v4(address.ip.bytes.data(), words[0]);
  else
    std::memcpy(address.ip.bytes.data(), words, sizeof(words));
  return address;
}

}  // namespace

SocketAddress SeenSocket::local() const { return addressOf(family, id.idiag_src, id.idiag_sport); }
SocketAddress SeenSocket::peer() const { return addressOf(family, id.idiag_dst, id.idiag_dport); }

Result<bool> readSockets(std::span<const std::byte> datagram, std::vector<SeenSocket>& found) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, datagram.data(), sizeof(header));
    if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > datagram.size())
      return Error(Error::Code::kInvalid, "sock_diag: a message of a wrong length");
    const auto payload = datagram.subspan(sizeof(header), header.nlmsg_len - sizeof(header));
    if (header.nlmsg_type == NLMSG_DONE) return false;
    if (header.nlmsg_type == NLMSG_ERROR) {
      if (const int error = errorIn(payload); error != 0)
        return Error::system("list the sockets of a network namespace", error);
      return false;
    }
    if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY) addSocket(payload, found);
    datagram = datagram.subspan(std::min<size_t>(NLMSG_ALIGN(header.nlmsg_len), datagram.size()));
  }
  return true;
}

Result<SocketDiag> SocketDiag::open() {
  Fd netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink) return Error::system("open sock_diag");
  return SocketDiag(std::move(netlink));
}

Result<std::vector<SeenSocket>> SocketDiag::sockets(int store, Detail detail) const {
  std::vector<SeenSocket> found;
  for (const uint8_t family : kFamilies) {
    const auto wanted = listRequest(family, store, detail == Detail::kStorage ? 0 : kWithUse);
    SLUICE_TRY(list(&wanted, sizeof(wanted), found));
  }
  return found;
}

Result<std::vector<SeenSocket>> SocketDiag::listeners() const {
  std::vector<SeenSocket> found;
  for (const uint8_t family : kFamilies) {
    auto wanted = listRequest(family, -1, 0);
    wanted.what.idiag_states = 1U << TCP_LISTEN;
    wanted.header.nlmsg_len = offsetof(ListRequest, storages);
    SLUICE_TRY(list(&wanted, wanted.header.nlmsg_len, found));
  }
  return found;
}

Result<SeenSocket> SocketDiag::again(const SeenSocket& socket) const {
  auto wanted = socketRequest(socket, SOCK_DIAG_BY_FAMILY, 0);
  wanted.what.idiag_ext = kWithUse;
  SLUICE_TRY(request(&wanted, sizeof(wanted)));
  std::array<std::byte, 4096> buffer{};
  const ssize_t size = ::recv(netlink_.get(), buffer.data(), buffer.size(), 0);
  if (size < 0) return Error::system("receive a socket's state");
  std::vector<SeenSocket> found;
  auto read = readSockets(std::span(buffer).first(static_cast<size_t>(size)), found);
  if (!read && read.error().errnum() != ENOENT) return std::move(read).error();
  if (found.empty()) return Error(Error::Code::kNotFound, "the socket is gone");
  return std::move(found.front());
}

Result<void> SocketDiag::list(const void* message, size_t message_size,
                              std::vector<SeenSocket>& found) const {
  SLUICE_TRY(request(message, message_size));
  std::vector<std::byte> buffer(kDatagram);
  while (true) {
    const ssize_t size = ::recv(netlink_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) return Error::system("receive the sockets of a network namespace");
    auto goes_on = readSockets(std::span(buffer).first(static_cast<size_t>(size)), found);
    if (!goes_on) return std::move(goes_on).error();
    if (!*goes_on) return {};
  }
}

Result<void> SocketDiag::destroy(const SeenSocket& socket) const {
  const auto wanted = socketRequest(socket, SOCK_DESTROY, NLM_F_ACK);
  SLUICE_TRY(request(&wanted, sizeof(wanted)));
  std::array<std::byte, 1024> buffer{};
  const ssize_t size = ::recv(netlink_.get(), buffer.data(), buffer.size(), 0);
  if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return Error::system("destroy a socket");
  const int error =
      errorIn(std::span(buffer).first(static_cast<size_t>(size)).subspan(sizeof(nlmsghdr)));
  if (error == 0) return {};
  if (error == ENOENT) return Error(Error::Code::kNotFound, "the socket is gone");
  return Error::system("destroy a socket", error);
}

Result<void> SocketDiag::request(const void* message, size_t size) const {
  if (::send(netlink_.get(), message, size, 0) >= 0) return {};
  return Error::system("ask sock_diag");
}

}  // namespace sluice::broker
