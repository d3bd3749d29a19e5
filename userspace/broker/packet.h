// SPDX-License-Identifier: Apache-2.0
// One packet with file descriptors over a SOCK_SEQPACKET socket.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice::broker {

struct Packet {
  std::vector<std::byte> bytes;
  std::vector<Fd> fds;    ///< close-on-exec
  bool fds_lost = false;  ///< the kernel could not deliver all (RLIMIT_NOFILE)
};

/// Two connected ends, non-blocking and close-on-exec.
Result<std::pair<Fd, Fd>> packetPair();

/// False: the socket is full, try again when it is writable. kUnavailable: the other end is gone.
Result<bool> sendPacket(int socket, std::span<const std::byte> bytes, std::span<const Fd> fds);

/// Nothing: none is there yet. kUnavailable: the other end is gone and all it sent has been
/// received. kInvalid: the packet is larger than any message.
Result<std::optional<Packet>> receivePacket(int socket);

}  // namespace sluice::broker
