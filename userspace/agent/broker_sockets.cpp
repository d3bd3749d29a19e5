// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/broker_sockets.h"

#include <sys/socket.h>
#include <unistd.h>

#include "userspace/agent/admin_server.h"
#include "userspace/agent/metrics_server.h"
#include "userspace/base/duplicate.h"
#include "userspace/broker/successor.h"

namespace sluice::agent {
namespace {

bool listensOn(const Fd& socket, const SocketAddress& address) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (!socket || ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    return false;
  const auto own = SocketAddress::from(storage);
  return own.ok() && *own == address;
}

Result<void> openOwn(const Options& options, broker::PlaceSockets& sockets) {
  auto admin = listenAdmin(options.socket);
  if (!admin) return std::move(admin).error();
  // After the other one, which fails when another sluiced has both.
  auto successor = broker::listenForSuccessor(broker::handoverPath(options.socket));
  if (!successor) return std::move(successor).error();
  sockets.admin = *std::move(admin);
  sockets.successor = *std::move(successor);
  return {};
}

}  // namespace

Result<broker::PlaceSockets> openSockets(const Options& options, int lock,
                                         broker::Predecessor* predecessor) {
  broker::PlaceSockets sockets;
  if (predecessor != nullptr)
    sockets = std::move(predecessor->sockets);  // the admin socket has the same path: see ask()
  else
    SLUICE_TRY(openOwn(options, sockets));
  if (!listensOn(sockets.metrics, options.metrics)) {
    auto metrics = listenTcp(options.metrics);
    if (!metrics) return std::move(metrics).error();
    sockets.metrics = *std::move(metrics);
  }
  auto own = duplicate(lock, "the lock of the pin directory");
  if (!own) return std::move(own).error();
  sockets.lock = *std::move(own);
  return sockets;
}

void removeSockets(const Options& options) {
  ::unlink(broker::handoverPath(options.socket).c_str());
  ::unlink(options.socket.c_str());
}

}  // namespace sluice::agent
