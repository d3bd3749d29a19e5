// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/idle.h"

#include <netinet/tcp.h>

namespace sluice::broker {

bool isIdle(const SeenSocket& socket, std::chrono::milliseconds quiet) {
  if (socket.state != TCP_ESTABLISHED || !socket.use) return false;
  if (socket.unread != 0 || socket.unacked != 0) return false;
  const auto& use = *socket.use;
  if (use.sent == 0 || use.received == 0) return false;
  return use.since_received >= quiet && use.since_sent > use.since_received;
}

}  // namespace sluice::broker
