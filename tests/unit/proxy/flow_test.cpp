// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/proxy/peers.h"
#include "userspace/proxy/options.h"

namespace sluice::proxy::test {
namespace {

using namespace std::chrono_literals;

/// Two connections that end here, and what is at their other ends.
class FlowTest : public testing::Test {
 protected:
  class Nobody final : public ChannelUser {
    void channelReady() override {}
  };
  struct Connection {
    std::unique_ptr<SocketChannel> channel;
    Peer peer;
  };

  FlowTest() { std::signal(SIGPIPE, SIG_IGN); }
  ~FlowTest() override {
    for (auto* end : {&from_, &to_}) end->channel->unwatch();
  }

  Connection connection() {
    std::array<int, 2> ends{};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0,
            "socketpair");
    Connection made{std::make_unique<SocketChannel>(*reactor_, Fd(ends[0])), Peer(Fd(ends[1]))};
    require(made.channel->watch(std::make_shared<Nobody>()).ok(), "watch");
    return made;
  }

  /// Reads and writes until nothing moves; of what comes the first `left_` bytes belong to the
  /// message.
  void pump() {
    for (bool moved = true; moved;) {
      from_.peer.poll();
      reactor_->runOnce(0ms);
      uint64_t passed = 0;
      const auto read = flow_.passFrom(*from_.channel, *to_.channel, left_, passed);
      const size_t seen = std::min<uint64_t>(flow_.unseen().size(), left_);
      flow_.clear(seen);
      left_ -= passed + seen;
      passed_ += passed;
      const auto written = flow_.writeTo(*to_.channel, written_);
      moved = read == Channel::Io::kProgress || written == Channel::Io::kProgress;
    }
  }
  /// As long as it takes, while the receiver reads.
  bool pumpUntil(const std::function<bool()>& done) {
    for (int rounds = 0; !done(); ++rounds) {
      if (rounds == 10'000) return false;
      pump();
      to_.peer.poll();
    }
    return true;
  }

  SteadyClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  WorkerStats stats_;
  BlockPool blocks_{kBufferBytes, 4};
  PipePool pipes_{4, stats_};
  Flow flow_{blocks_, 0, pipes_};
  Connection from_ = connection(), to_ = connection();
  uint64_t left_ = 0, passed_ = 0, written_ = 0;
};

std::string numbers(size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i) text += std::to_string(i) + ' ';
  return text.substr(0, bytes);
}

TEST_F(FlowTest, PassesLargeMessagesByAPipeToTheirLastByte) {
  const auto bytes = numbers(3'000'000);
  from_.peer.send(bytes);
  left_ = 2'000'000;
  ASSERT_TRUE(pumpUntil([&] { return left_ == 0 && flow_.idle(); }));
  EXPECT_TRUE(to_.peer.received() == bytes.substr(0, 2'000'000));
  EXPECT_EQ(written_, 2'000'000u);
  EXPECT_GT(passed_, 1'000'000u);
}

// The next message of the connection must not begin with what nobody has taken of this one.
TEST_F(FlowTest, WhatIsLeftInAPipeGoesWithItsMessage) {
  const auto bytes = numbers(3'000'000);
  from_.peer.send(bytes);
  left_ = bytes.size();
  ASSERT_TRUE(pumpUntil([&] { return passed_ > 0; }));
  pump();  // and nobody reads
  ASSERT_FALSE(flow_.idle());
  const size_t begin_of_next = bytes.size() - left_;
  flow_.finishMessage();
  EXPECT_TRUE(flow_.idle());
  ASSERT_TRUE(pumpUntil([&] { return left_ == 0 && flow_.idle(); }));
  EXPECT_TRUE(to_.peer.received().ends_with(bytes.substr(begin_of_next)));
  EXPECT_EQ(to_.peer.received().size(), written_);
  EXPECT_LT(written_, bytes.size());
}

class PipePoolTest : public FlowTest {};

TEST_F(PipePoolTest, OneWithBytesInItIsNotLentAgain) {
  const auto fill = [&](Pipe& pipe, std::string_view bytes) {
    from_.peer.send(bytes);
    from_.peer.poll();
    int refusal = 0;
    return from_.channel->readTo(pipe, 100, refusal) == Channel::Io::kProgress;
  };
  auto pipe = pipes_.take();
  ASSERT_TRUE(fill(*pipe, "of somebody else"));
  pipes_.give(std::move(pipe));
  pipe = pipes_.take();
  ASSERT_TRUE(pipe->empty());
  ASSERT_TRUE(fill(*pipe, "mine"));
  ASSERT_EQ(to_.channel->writeFrom(*pipe, written_), Channel::Io::kProgress);
  to_.peer.poll();
  EXPECT_EQ(to_.peer.received(), "mine");
}

TEST_F(PipePoolTest, LendsNoMoreThanItsLimit) {
  std::vector<std::unique_ptr<Pipe>> lent;
  for (int i = 0; i < 4; ++i) lent.push_back(pipes_.take());
  EXPECT_EQ(pipes_.take(), nullptr);
  pipes_.give(std::move(lent.back()));
  EXPECT_NE(pipes_.take(), nullptr);
  EXPECT_EQ(stats_.splice_failures, 0u);
}

}  // namespace
}  // namespace sluice::proxy::test
