// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/inet_diag.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "maps/abi/types.h"
#include "userspace/base/fd.h"
#include "userspace/base/result.h"
#include "userspace/broker/socket_use.h"
#include "userspace/model/address.h"

namespace sluice::broker {

/// A TCP socket between its first SYN and its last ACK.
struct SeenSocket {
  uint8_t family = 0;     ///< AF_INET or AF_INET6
  uint8_t state = 0;      ///< TCP_ESTABLISHED, …
  inet_diag_sockid id{};  ///< addresses and ports in network byte order, and the kernel's cookie
  uint64_t cgroup = 0;    ///< inode of its directory on cgroup2; 0: not told (before Linux 5.9)
  std::optional<connection> remembered = std::nullopt;  ///< none: it was not steered
  uint32_t unread = 0;   ///< bytes that the application has not read yet
  uint32_t unacked = 0;  ///< bytes that it has written and the peer has not acknowledged yet
  std::optional<SocketUse> use = std::nullopt;  ///< none: it was not asked for

  /// As the wire has them, not as the application sees them.
  SocketAddress local() const;
  SocketAddress peer() const;
};

/// The kernel's lists of sockets, of one network namespace (sock_diag(7)).
class SocketDiag {
 public:
  /// Of the namespace that the calling thread is in. Listing needs CAP_BPF, destroying
  /// CAP_NET_ADMIN.
  static Result<SocketDiag> open();

  enum class Detail { kStorage, kStorageAndUse };

  /// TCP sockets with what the socket storage `store` (a descriptor of `conn_store`) has of them,
  /// listeners and those in TIME_WAIT left out. Linux 5.7.
  Result<std::vector<SeenSocket>> sockets(int store, Detail detail = Detail::kStorage) const;

  /// The same socket as it is now, with its use and without storage. kNotFound: it is gone, or it
  /// is another socket by now.
  Result<SeenSocket> again(const SeenSocket& socket) const;

  /// TCP sockets that listen.
  Result<std::vector<SeenSocket>> listeners() const;

  /// As SOCK_DESTROY: the peer gets a reset, the owner ECONNABORTED. kNotFound: it is gone, or it
  /// is another socket by now.
  Result<void> destroy(const SeenSocket& socket) const;

 private:
  explicit SocketDiag(Fd netlink) : netlink_(std::move(netlink)) {}
  Result<void> request(const void* message, size_t size) const;
  Result<void> list(const void* message, size_t message_size, std::vector<SeenSocket>& found) const;

  Fd netlink_;
};

/// Reads one datagram of an answer into `found`: whether the answer goes on after it. The kernel's
/// error becomes one of ours.
Result<bool> readSockets(std::span<const std::byte> datagram, std::vector<SeenSocket>& found);

}  // namespace sluice::broker
