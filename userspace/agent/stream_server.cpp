// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/stream_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "userspace/base/memory.h"

namespace sluice::agent {

using namespace std::chrono_literals;

namespace {

/// What an answer of so many bytes was made of took ten times that, and is gone when it is sent.
constexpr size_t kLargeAnswer = size_t{1} << 20;

}  // namespace

struct StreamServer::Client {
  Fd socket;
  std::string input;
  std::string output;
  size_t sent = 0;     ///< of output
  TimePoint taken{};   ///< when it took something, or had taken everything before more came
  bool busy = false;   ///< a request was taken and not yet answered
  bool last = false;   ///< close after output
  bool ended = false;  ///< the client sends no more
  Reactor::TimerId deadline = 0;

  bool sending() const { return sent < output.size(); }
  size_t unread() const { return output.size() - sent; }
};

Result<std::unique_ptr<StreamServer>> StreamServer::create(Reactor& reactor, Fd listener,
                                                           StreamLimits limits, Handler handler) {
  const int fd = listener.get();
  std::unique_ptr<StreamServer> server(
      new StreamServer(reactor, std::move(listener), limits, std::move(handler)));
  SLUICE_TRY(reactor.add(fd, EPOLLIN, [raw = server.get()](uint32_t) { raw->acceptAll(); }));
  return server;
}

StreamServer::StreamServer(Reactor& reactor, Fd listener, StreamLimits limits, Handler handler)
    : reactor_(reactor),
      listener_(std::move(listener)),
      limits_(limits),
      handler_(std::move(handler)) {}

StreamServer::~StreamServer() {
  reactor_.remove(listener_.get());
  reactor_.cancel(rest_);
  while (!clients_.empty()) close(clients_.begin()->first);
}

void StreamServer::acceptAll() {
  while (true) {
    Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket && errno != EAGAIN) return restLater();
    if (!socket) return;
    if (clients_.size() < limits_.clients) admit(std::move(socket));
  }
}

/// Out of descriptors or memory: the listener would be ready again at once, and the loop would do
/// nothing else.
void StreamServer::restLater() {
  reactor_.remove(listener_.get());
  reactor_.cancel(rest_);
  rest_ = reactor_.after(100ms, [this] {
    const auto listening =
        reactor_.add(listener_.get(), EPOLLIN, [this](uint32_t) { acceptAll(); });
    if (!listening) restLater();
  });
}

void StreamServer::admit(Fd socket) {
  const auto id = next_++;
  const int fd = socket.get();
  auto client = std::make_unique<Client>();
  client->socket = std::move(socket);
  clients_.emplace(id, std::move(client));
  if (reactor_.add(fd, EPOLLIN, [this, id](uint32_t events) { onEvents(id, events); }).ok())
    watch(id, *clients_.at(id));
  else
    clients_.erase(id);
}

void StreamServer::answer(ClientId id, std::string bytes, bool last) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  auto& client = *found->second;
  client.busy = false;
  client.last = last;
  client.output = std::move(bytes);
  client.sent = 0;
  proceedLater(id);
}

StreamServer::Part StreamServer::part(ClientId id, std::string_view bytes) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return Part::kGone;
  auto& client = *found->second;
  if (client.unread() > kMostUnread) return Part::kFull;
  if (!client.sending()) {
    client.taken = reactor_.now();
    proceedLater(id);  // else it does so already
  }
  if (client.sent > client.unread()) {
    client.output.erase(0, client.sent);
    client.sent = 0;
  }
  client.output += bytes;
  return Part::kTaken;
}

Duration StreamServer::stalledFor(ClientId id) const {
  const auto found = clients_.find(id);
  if (found == clients_.end() || !found->second->sending()) return Duration::zero();
  return reactor_.now() - found->second->taken;
}

void StreamServer::end(ClientId id, std::string_view bytes) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  auto& client = *found->second;
  client.output += bytes;
  client.busy = false;
  client.last = true;
  proceedLater(id);
}

/// From the loop, not from here: the handler may answer while its caller holds the client.
void StreamServer::proceedLater(ClientId id) {
  reactor_.post([this, id, alive = std::weak_ptr<const bool>(alive_)] {
    if (!alive.expired()) proceed(id);
  });
}

void StreamServer::onEvents(ClientId id, uint32_t events) {
  auto& client = *clients_.at(id);
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return close(id);
  if ((events & EPOLLIN) != 0 && !receive(client)) return close(id);
  proceed(id);
}

/// False when the connection is broken or the client has said more than it may.
bool StreamServer::receive(Client& client) {
  std::array<char, 16384> chunk;
  const auto size = ::recv(client.socket.get(), chunk.data(), chunk.size(), 0);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size == 0) client.ended = true;
  client.input.append(chunk.data(), static_cast<size_t>(size));
  return client.busy || client.sending() || client.input.size() <= limits_.input_bytes;
}

/// Everything that can be done for a client now.
void StreamServer::proceed(ClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  auto& client = *found->second;
  if (!flush(client)) return close(id);
  if (!client.busy && !client.sending() && !serve(id, client)) return close(id);
  watch(id, client);
}

/// False when the connection is broken or done.
bool StreamServer::flush(Client& client) {
  while (client.sending()) {
    const auto size = ::send(client.socket.get(), client.output.data() + client.sent,
                             client.output.size() - client.sent, MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    client.sent += static_cast<size_t>(size);
    client.taken = reactor_.now();
  }
  return !client.last;
}

/// Forgets what was sent.
void StreamServer::release(Client& client) {
  const bool large = client.output.capacity() >= kLargeAnswer;
  client.output = std::string();
  client.sent = 0;
  if (large) giveBackMemory();
}

/// False when nothing more can come of this client.
bool StreamServer::serve(ClientId id, Client& client) {
  release(client);
  client.busy = true;  // before the handler, which may answer at once
  switch (handler_(id, client.input)) {
    case Input::kTaken:
      return true;
    case Input::kIncomplete:
      client.busy = false;
      return !client.ended && client.input.size() <= limits_.input_bytes;
    case Input::kRefused:
      break;
  }
  return false;
}

/// Sets what is waited for, and for how long: a client whose request is being worked on may wait
/// as long as that takes.
void StreamServer::watch(ClientId id, Client& client) {
  const bool full = client.input.size() > limits_.input_bytes;
  const uint32_t in = client.ended || full ? 0u : static_cast<uint32_t>(EPOLLIN);
  const uint32_t out = client.sending() ? static_cast<uint32_t>(EPOLLOUT) : 0u;
  if (!reactor_.modify(client.socket.get(), in | out).ok()) return close(id);
  reactor_.cancel(client.deadline);
  client.deadline = client.busy ? 0 : reactor_.after(limits_.idle, [this, id] { close(id); });
}

void StreamServer::close(ClientId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  reactor_.cancel(found->second->deadline);
  reactor_.remove(found->second->socket.get());
  release(*found->second);
  clients_.erase(found);
}

}  // namespace sluice::agent
