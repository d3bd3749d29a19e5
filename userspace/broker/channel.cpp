// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/channel.h"

#include <sys/epoll.h>
#include <sys/socket.h>

namespace sluice::broker {

namespace {
// So that one channel cannot keep the reactor from the others.
constexpr int kPacketsPerRound = 32;
}  // namespace

Result<std::unique_ptr<Channel>> Channel::open(Reactor& reactor, Fd socket, Reading reading,
                                               Received received, Ended ended) {
  std::unique_ptr<Channel> channel(
      new Channel(reactor, std::move(socket), reading, std::move(received), std::move(ended)));
  channel->interest_ = EPOLLIN;
  SLUICE_TRY(reactor.add(channel->socket_.get(), EPOLLIN,
                         [raw = channel.get()](uint32_t) { raw->onEvents(); }));
  return channel;
}

Channel::Channel(Reactor& reactor, Fd socket, Reading reading, Received received, Ended ended)
    : reactor_(reactor),
      socket_(std::move(socket)),
      reading_(reading),
      received_(std::move(received)),
      ended_(std::move(ended)) {}

Channel::~Channel() {
  if (socket_) reactor_.remove(socket_.get());
}

void Channel::send(std::span<const std::byte> bytes, std::vector<Fd> fds) {
  if (!socket_) return;
  waiting_.push_back({{bytes.begin(), bytes.end()}, std::move(fds)});
  auto sent = flush();
  if (sent.ok()) sent = updateInterest();
  // The caller may stand in the middle of something that `ended` would pull from under it: the
  // end is left to the event that a shut-down socket raises in the next round.
  if (!sent.ok()) ::shutdown(socket_.get(), SHUT_RDWR);
}

void Channel::onEvents() {
  auto result = exchange();
  if (!result.ok()) end(std::move(result).error());
}

Result<void> Channel::exchange() {
  SLUICE_TRY(flush());
  for (int i = 0; i < kPacketsPerRound && mayRead(); ++i) {
    auto packet = receivePacket(socket_.get());
    if (!packet.ok()) return std::move(packet).error();
    if (!*packet) break;
    SLUICE_TRY(received_(**std::move(packet)));
  }
  return updateInterest();
}

Result<void> Channel::flush() {
  while (!waiting_.empty()) {
    const auto& packet = waiting_.front();
    auto sent = sendPacket(socket_.get(), packet.bytes, packet.fds);
    if (!sent.ok()) return std::move(sent).error();
    if (!*sent) return {};
    waiting_.pop_front();
  }
  return {};
}

Result<void> Channel::updateInterest() {
  const uint32_t wanted = (mayRead() ? EPOLLIN : 0u) | (waiting_.empty() ? 0u : EPOLLOUT);
  if (wanted == interest_) return {};
  interest_ = wanted;
  return reactor_.modify(socket_.get(), wanted);
}

void Channel::end(Error error) {
  reactor_.remove(socket_.get());
  socket_.reset();
  waiting_.clear();
  // Moved out first: `ended` may destroy this object, and with it the function that runs.
  const auto ended = std::move(ended_);
  ended(std::move(error));
}

}  // namespace sluice::broker
