// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/predecessor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "userspace/base/log.h"
#include "userspace/base/unix_socket.h"
#include "userspace/broker/protocol.h"

namespace sluice::broker {

namespace {

/// Connected; empty when nobody listens.
Result<Fd> connectTo(const std::string& path) {
  const auto address = unixAddress(path);
  if (!address) return Fd();
  const Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket) return Error::system("create a socket for the hand-over");
  if (::connect(socket.get(), generic(*address), sizeof(*address)) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return Fd();
    return Error::system("connect to " + path);
  }
  // The agent's control channel gets a low number: it must not be this one's.
  Fd inheritable(::fcntl(socket.get(), F_DUPFD, kControlFd + 1));
  if (!inheritable) return Error::system("duplicate the hand-over's connection");
  return inheritable;
}

Error refusal(const Packet& packet) {
  const auto refused = decodeHandover<Refused>(packet, HandoverType::kRefused);
  if (!refused) return refused.error();
  const std::string_view why(refused->why, ::strnlen(refused->why, sizeof(refused->why)));
  return Error(Error::Code::kUnavailable,
               fmt::format("the sluiced that runs does not give its place: {}", why),
               "try again, or stop it first");
}

}  // namespace

Result<std::unique_ptr<Predecessor>> Predecessor::ask(const std::string& path, Duration longest) {
  auto socket = connectTo(path);
  if (!socket) return std::move(socket).error();
  if (!*socket) return std::unique_ptr<Predecessor>();
  if (!isSameUser(socket->get()))
    return Error(Error::Code::kPermission, path + " is another user's");
  std::unique_ptr<Predecessor> other(new Predecessor(*std::move(socket)));
  SLUICE_TRY(sendPacket(other->socket_.get(), packetOf(HandoverType::kAsk).bytes, {}));
  SLUICE_TRY(other->receivePlace(SteadyClock().now() + longest));
  return other;
}

Result<void> Predecessor::receivePlace(TimePoint deadline) {
  auto first = receive(deadline);
  if (!first) return std::move(first).error();
  const auto place = decodeHandover<Place>(*first, HandoverType::kPlace);
  if (!place) return refusal(*first);
  if (first->fds.size() != 4)
    return Error(Error::Code::kInvalid, "hand-over: not all sockets came");
  schema = place->schema;
  sockets = {std::move(first->fds[0]), std::move(first->fds[1]), std::move(first->fds[2]),
             std::move(first->fds[3])};
  for (uint32_t i = 0; i < place->workloads; ++i) {
    auto packet = receive(deadline);
    if (!packet) return std::move(packet).error();
    auto workload = workloadOf(*std::move(packet));
    if (!workload) return std::move(workload).error();
    workloads.insert(*std::move(workload));
  }
  return {};
}

Result<Packet> Predecessor::receive(TimePoint deadline) const {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock().now());
    pollfd readable{socket_.get(), POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (ready < 0 && errno != EINTR) return Error::system("wait for the other sluiced");
    if (ready == 0)
      return Error(Error::Code::kUnavailable, "the sluiced that runs does not answer",
                   "stop it first");
    auto packet = receivePacket(socket_.get());
    if (!packet) return std::move(packet).error().in("take over from the sluiced that runs");
    if (*packet) return **std::move(packet);
  }
}

Result<void> Predecessor::watch(Reactor& reactor) {
  Fd mine(::fcntl(socket_.get(), F_DUPFD_CLOEXEC, kControlFd + 1));
  if (!mine) return Error::system("duplicate the hand-over's connection");
  auto channel = Channel::open(
      reactor, std::move(mine), Channel::Reading::kAlways,
      [this](const Packet& packet) -> Result<void> {
        const auto header = handoverHeader(packet);
        if (header && header->type == static_cast<uint32_t>(HandoverType::kStopped)) stopped();
        return {};
      },
      [this](const Error&) {
        log::warn("the sluiced that handed over has ended");
        channel_.reset();
        stopped();
      });
  if (!channel) return std::move(channel).error();
  channel_ = *std::move(channel);
  return {};
}

void Predecessor::stopAccepting(std::function<void()> done) {
  stopped_ = std::move(done);
  if (!channel_) return stopped();
  channel_->send(packetOf(HandoverType::kStopAccepting).bytes);
}

void Predecessor::taken() {
  if (channel_) channel_->send(packetOf(HandoverType::kTaken).bytes);
}

void Predecessor::stopped() {
  if (const auto done = std::exchange(stopped_, nullptr)) done();
}

}  // namespace sluice::broker
