// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/channel.h"

#include <fcntl.h>
#include <sys/eventfd.h>

#include "tests/unit/broker/support.h"
#include "userspace/broker/protocol.h"

namespace sluice::broker {
namespace {

class ChannelTest : public testing::Test {
 protected:
  std::unique_ptr<Channel> open(Fd socket, Channel::Reading reading = Channel::Reading::kAlways) {
    return std::move(*Channel::open(
        *reactor_, std::move(socket), reading,
        [this](Packet packet) {
          received_.push_back(std::move(packet));
          return refuse_ ? Result<void>(Error(Error::Code::kInvalid, "no")) : Result<void>();
        },
        [this](const Error& error) { ended_.push_back(error.code()); }));
  }

  SteadyClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  std::pair<Fd, Fd> pair_ = *packetPair();
  std::vector<Packet> received_;
  std::vector<Error::Code> ended_;
  bool refuse_ = false;
};

TEST_F(ChannelTest, WhatDoesNotFitTheSocketWaitsAndArrivesInOrder) {
  constexpr uint64_t kCount = 5000;
  const auto sender = open(std::move(pair_.first));
  const auto receiver = open(std::move(pair_.second));
  for (uint64_t i = 0; i < kCount; ++i) sender->send(bytesOf(message<Connect>(i)));
  runUntil(*reactor_, [&] { return received_.size() == kCount; });
  for (uint64_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(decode<Connect>(received_[i].bytes)->header.request, i);
  }
}

TEST_F(ChannelTest, DescriptorsArriveAndCloseOnExec) {
  const auto sender = open(std::move(pair_.first));
  const auto receiver = open(std::move(pair_.second));
  std::vector<Fd> fds;
  fds.emplace_back(::eventfd(5, EFD_CLOEXEC));
  sender->send(bytesOf(message<Reply>(1)), std::move(fds));
  runUntil(*reactor_, [&] { return !received_.empty(); });
  ASSERT_EQ(received_[0].fds.size(), 1u);
  uint64_t value = 0;
  EXPECT_EQ(::read(received_[0].fds[0].get(), &value, sizeof(value)), 8);
  EXPECT_EQ(value, 5u);
  EXPECT_EQ(::fcntl(received_[0].fds[0].get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(ChannelTest, ServerDoesNotReadWhileItsAnswersWait) {
  const auto server = open(std::move(pair_.first), Channel::Reading::kWhenNothingWaits);
  while (*sendPacket(pair_.second.get(), bytesOf(message<Connect>(1)), {})) {
  }
  // Until the client's side is full: from then on an answer waits.
  for (int i = 0; i < 2000; ++i) server->send(bytesOf(message<Reply>(1)));
  reactor_->runOnce(0ms);
  EXPECT_TRUE(received_.empty());
  while ((*receivePacket(pair_.second.get())).has_value()) {
    reactor_->runOnce(0ms);
  }
  runUntil(*reactor_, [&] { return !received_.empty(); });
}

TEST_F(ChannelTest, EndsOnceWhenTheOtherEndGoesOrTheOwnerRefuses) {
  const auto channel = open(std::move(pair_.first));
  pair_.second.reset();
  runUntil(*reactor_, [&] { return !ended_.empty(); });
  EXPECT_EQ(ended_, std::vector{Error::Code::kUnavailable});

  auto other = *packetPair();
  const auto refusing = open(std::move(other.first));
  refuse_ = true;
  ASSERT_TRUE(*sendPacket(other.second.get(), bytesOf(message<Connect>(1)), {}));
  runUntil(*reactor_, [&] { return ended_.size() == 2; });
  EXPECT_EQ(ended_.back(), Error::Code::kInvalid);
}

TEST_F(ChannelTest, SendingToAnEndThatIsGoneEndsTheChannelLater) {
  const auto channel = open(std::move(pair_.first));
  pair_.second.reset();
  channel->send(bytesOf(message<Connect>(1)));
  EXPECT_TRUE(ended_.empty());
  runUntil(*reactor_, [&] { return !ended_.empty(); });
}

TEST_F(ChannelTest, MessageThatCannotBeSentEndsTheChannelLater) {
  const auto channel = open(std::move(pair_.first));
  std::vector<Fd> too_many;
  for (size_t i = 0; i <= kMaxFds; ++i) too_many.emplace_back(::eventfd(0, EFD_CLOEXEC));
  channel->send(bytesOf(message<Reply>(1)), std::move(too_many));
  EXPECT_TRUE(ended_.empty());
  runUntil(*reactor_, [&] { return !ended_.empty(); });
}

TEST_F(ChannelTest, PacketLargerThanAnyMessageEndsTheChannel) {
  const auto channel = open(std::move(pair_.first));
  const std::vector<std::byte> large(kMaxMessage + 1);
  ASSERT_TRUE(*sendPacket(pair_.second.get(), large, {}));
  runUntil(*reactor_, [&] { return !ended_.empty(); });
  EXPECT_EQ(ended_.back(), Error::Code::kInvalid);
  EXPECT_TRUE(received_.empty());
}

}  // namespace
}  // namespace sluice::broker
