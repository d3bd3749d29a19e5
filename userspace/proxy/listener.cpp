// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "maps/abi/listener_address.h"
#include "maps/addresses.hpp"

namespace sluice::proxy {

Listener::Listener(Reactor& reactor, DataPlane& data_plane, const WorkerOptions& options,
                   WorkerStats& stats, ListenerSpec spec, NeedsOrigin needs_origin,
                   Accepted accepted)
    : reactor_(reactor),
      destinations_(data_plane),
      options_(options),
      stats_(stats),
      spec_(std::move(spec)),
      needs_origin_(std::move(needs_origin)),
      accepted_(std::move(accepted)) {}

Listener::~Listener() { stop(); }

Result<void> Listener::start() {
  // Accepted sockets inherit it, which saves a call for each of them.
  const int on = 1;
  if (::setsockopt(spec_.socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
    return Error::system("setsockopt TCP_NODELAY on a listener");
  }
  // Exclusive: a connection wakes one worker, not all.
  return reactor_.add(spec_.socket.get(), EPOLLIN | EPOLLEXCLUSIVE,
                      [this](uint32_t) { acceptBatch(); });
}

void Listener::stop() {
  reactor_.cancel(pause_);
  pause_ = 0;
  reactor_.remove(spec_.socket.get());
}

void Listener::acceptBatch() {
  for (int i = 0; i < options_.accept_batch; ++i) {
    if (!acceptOne()) return;
  }
}

/// Whether it is worth to try again at once.
bool Listener::acceptOne() {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  Fd socket(::accept4(spec_.socket.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                      SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) {
    if (errno == EAGAIN) return false;
    ++stats_.accept_failures;
    const bool exhausted =
        errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (exhausted) pause();
    // Anything else concerns the connection alone (accept(2)).
    return !exhausted;
  }
  ++stats_.accepted;
  const auto client = SocketAddress::from(peer);
  take(std::move(socket), client.ok() ? *client : SocketAddress{});
  return true;
}

// The backlog stays readable: without a pause the loop would spin until a descriptor is free.
void Listener::pause() {
  reactor_.remove(spec_.socket.get());
  pause_ = reactor_.after(options_.accept_pause, [this] {
    pause_ = 0;
    // Fails only when memory is short as well; then it is tried again later.
    if (!start().ok()) pause();
  });
}

void Listener::take(Fd socket, const SocketAddress& client) {
  const bool scarce = socket.get() >= options_.scarce_descriptor;
  auto place = scarce ? Lease::within(spec_.connections, options_.connections_per_workload)
                      : Lease::beyond(spec_.connections);
  if (!place) {
    ++stats_.refused_connections;
    resetSocket(std::move(socket));
    return;
  }
  const Origin origin = originOf(socket.get(), client);
  if (!origin.service) {
    ++stats_.reset_unknown_destination;
    resetSocket(std::move(socket));
    return;
  }
  accepted_(std::move(socket), origin, std::move(place));
}

Origin Listener::originOf(int socket, const SocketAddress& client) {
  Origin origin{spec_.workload, {}, client};
  if (spec_.family == AF_INET) {
    origin.service = serviceFromAddress(socket);
    if (!needs_origin_(spec_.workload, origin.service)) return origin;
  }
  const auto told = takeFromTable(client);
  if (!told) return origin;
  origin.service = {told->service};
  origin.called = maps::addressOf(*told);
  return origin;
}

ServiceId Listener::serviceFromAddress(int socket) const {
  sockaddr_in local{};
  socklen_t size = sizeof(local);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size) != 0) return {};
  return {listener_service(ntohl(local.sin_addr.s_addr))};
}

std::optional<origdst> Listener::takeFromTable(const SocketAddress& client) {
  origdst_key key{};
  key.workload = spec_.workload.value;
  std::memcpy(key.client, client.ip.bytes.data(), sizeof(key.client));
  key.client_port = htons(client.port);
  key.listener_port = htons(spec_.port);
  const auto entry = destinations_.get(key);
  if (!entry.ok()) return std::nullopt;
  // Gone already: the table is bounded and may have dropped it itself.
  [[maybe_unused]] const auto erased = destinations_.erase(key);
  return *entry;
}

}  // namespace sluice::proxy
