// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/successor.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "userspace/base/duplicate.h"
#include "userspace/base/log.h"
#include "userspace/base/unix_socket.h"

namespace sluice::broker {

namespace {

Result<PlaceSockets> copyOf(const PlaceSockets& from) {
  PlaceSockets to;
  for (const auto which : {&PlaceSockets::lock, &PlaceSockets::successor, &PlaceSockets::admin,
                           &PlaceSockets::metrics}) {
    auto made = duplicate((from.*which).get(), "a descriptor for the successor");
    if (!made) return std::move(made).error();
    to.*which = *std::move(made);
  }
  return to;
}

}  // namespace

Result<Fd> listenForSuccessor(const std::string& path) {
  const auto address = unixAddress(path);
  if (!address)
    return Error(Error::Code::kInvalid, "the path " + path + " is too long for a socket",
                 "choose a shorter one with --socket");
  Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("create the socket for a successor");
  ::unlink(path.c_str());
  SLUICE_TRY(listenPrivately(socket.get(), *address));
  return socket;
}

Result<std::unique_ptr<Successor>> Successor::create(Reactor& reactor, AgentOrders& agent,
                                                     Options options) {
  std::unique_ptr<Successor> made(new Successor(reactor, agent, std::move(options)));
  SLUICE_TRY(
      reactor.add(made->listener_, EPOLLIN, [raw = made.get()](uint32_t) { raw->accept(); }));
  return made;
}

Successor::Successor(Reactor& reactor, AgentOrders& agent, Options options)
    : reactor_(reactor),
      agent_(agent),
      options_(std::move(options)),
      listener_(options_.sockets->successor.get()) {}

Successor::~Successor() { stopListening(); }

void Successor::stopListening() {
  if (listener_ >= 0) reactor_.remove(std::exchange(listener_, -1));
}

/// One at a time: another one that asks meanwhile is told so.
void Successor::accept() {
  Fd socket(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket || !isSameUser(socket.get())) return;
  if (channel_) {
    const auto busy = packetOfRefusal("another sluiced is taking its place already");
    [[maybe_unused]] const auto told = sendPacket(socket.get(), busy.bytes, {});
    turned_away_ = std::move(socket);
    return;
  }
  auto channel = Channel::open(
      reactor_, std::move(socket), Channel::Reading::kAlways,
      [this](const Packet& packet) { return onPacket(packet); },
      [this](const Error&) { onEnded(); });
  if (!channel) return log::error("hear a successor: {}", channel.error().message());
  channel_ = *std::move(channel);
}

/// Errors end the connection only as long as nothing was given: see onEnded().
Result<void> Successor::onPacket(const Packet& packet) {
  if (state_ == State::kNone) return onAsk(packet);
  const auto header = handoverHeader(packet);
  if (!header) return {};
  if (header->type == static_cast<uint32_t>(HandoverType::kStopAccepting)) {
    same_listeners_ = true;
    agent_.stopAccepting([this] { send(packetOf(HandoverType::kStopped)); });
  }
  if (header->type == static_cast<uint32_t>(HandoverType::kTaken)) onTaken();
  return {};
}

void Successor::onTaken() {
  if (state_ != State::kOffered) return;
  log::info("another sluiced has taken this one's place; connections have {} s to end",
            std::chrono::duration_cast<std::chrono::seconds>(options_.drain).count());
  state_ = State::kTaken;
  stopListening();
  options_.left(same_listeners_);
  agent_.retire(options_.drain, options_.ended);
}

Result<void> Successor::onAsk(const Packet& packet) {
  const auto ask = decodeHandover<HandoverSign>(packet, HandoverType::kAsk);
  if (!ask) return refuse(ask.error()), Result<void>();
  if (auto may = options_.admit(); !may) return refuse(may.error()), Result<void>();
  log::info("another sluiced takes this one's place: no change of rules until it does");
  state_ = State::kPausing;
  agent_.pause([this] { offer(); });
  return {};
}

void Successor::refuse(const Error& why) {
  log::warn("another sluiced does not get this one's place: {}", why.message());
  send(packetOfRefusal(why.message()));
}

void Successor::offer() {
  auto bequest = options_.bequest();
  auto sockets = copyOf(*options_.sockets);
  if (!bequest || !sockets) return refuse(bequest ? sockets.error() : bequest.error());
  state_ = State::kOffered;
  send(packetOf(options_.schema, static_cast<uint32_t>(bequest->size()), *std::move(sockets)));
  for (auto& [workload, listeners] : *bequest) send(packetOf(workload, std::move(listeners)));
}

void Successor::send(Packet packet) {
  if (channel_) channel_->send(packet.bytes, std::move(packet.fds));
}

/// Every process that had the other end has ended, its agent too: nobody else writes now.
void Successor::onEnded() {
  channel_.reset();
  if (state_ == State::kNone || state_ == State::kTaken) return;
  log::warn("the other sluiced has ended before it could serve; this one goes on");
  state_ = State::kNone;
  same_listeners_ = false;
  options_.taken_back();
  agent_.resume();
}

}  // namespace sluice::broker
