// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/calls.h"

#include <fmt/format.h>

#include <utility>

#include "userspace/broker/protocol.h"

namespace sluice::broker {

Result<std::unique_ptr<Calls>> Calls::open(Reactor& reactor, Fd channel, Lost lost, Told told) {
  std::unique_ptr<Calls> calls(new Calls(reactor, std::move(lost), std::move(told)));
  auto* raw = calls.get();
  auto opened = Channel::open(
      reactor, std::move(channel), Channel::Reading::kAlways,
      [raw](Packet packet) { return raw->onPacket(std::move(packet)); },
      [raw](const Error& error) { raw->onEnded(error); });
  if (!opened.ok()) return std::move(opened).error();
  calls->channel_ = *std::move(opened);
  return calls;
}

void Calls::send(uint64_t number, std::span<const std::byte> bytes, Answer answer) {
  if (!channel_) {
    return refuse(std::move(answer), {Error::Code::kUnavailable, "the broker does not answer"});
  }
  if (waiting_.size() >= kMaxWaiting) {
    return refuse(std::move(answer), {Error::Code::kExhausted,
                                      fmt::format("{} requests wait for the broker", kMaxWaiting)});
  }
  waiting_.emplace(number, std::move(answer));
  channel_->send(bytes);
}

void Calls::announce(std::span<const std::byte> bytes) {
  if (channel_) channel_->send(bytes);
}

void Calls::refuse(Answer answer, Error error) {
  reactor_.post([answer = std::move(answer), error = std::move(error)] { answer(error); });
}

Result<void> Calls::onPacket(Packet packet) {
  Header header;
  if (packet.bytes.size() < sizeof(header)) {
    return Error(Error::Code::kInvalid, "broker channel: a message without a header");
  }
  std::memcpy(&header, packet.bytes.data(), sizeof(header));
  if (header.request == 0 && told_) return told_(packet);
  const auto answer = waiting_.extract(header.request);
  if (answer.empty()) {
    return Error(Error::Code::kInvalid, "broker channel: an answer to no request");
  }
  answer.mapped()(std::move(packet));
  return {};
}

void Calls::onEnded(const Error& error) {
  channel_.reset();
  for (const auto& [number, answer] : std::exchange(waiting_, {})) {
    answer(Error(Error::Code::kUnavailable, error.message()));
  }
  if (lost_) lost_(error);
}

}  // namespace sluice::broker
