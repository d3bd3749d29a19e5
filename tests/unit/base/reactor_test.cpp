// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/reactor.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <thread>

namespace sluice {
namespace {

using namespace std::chrono_literals;

class ReactorTest : public testing::Test {
 protected:
  SteadyClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
};

TEST_F(ReactorTest, TimersFireInTheOrderOfTheirTimes) {
  std::vector<int> fired;
  reactor_->after(2ms, [&] { fired.push_back(2), reactor_->stop(); });
  reactor_->after(1ms, [&] { fired.push_back(1); });
  const auto cancelled = reactor_->after(1ms, [&] { fired.push_back(9); });
  reactor_->cancel(cancelled);
  reactor_->run();
  EXPECT_EQ(fired, (std::vector{1, 2}));
}

TEST_F(ReactorTest, RemovedFdGetsNoEventOfTheSameRound) {
  Fd a(::eventfd(1, EFD_NONBLOCK)), b(::eventfd(1, EFD_NONBLOCK));
  int calls = 0;
  const auto handler = [&](uint32_t) {
    ++calls;
    reactor_->remove(a.get());
    reactor_->remove(b.get());
  };
  ASSERT_TRUE(reactor_->add(a.get(), EPOLLIN, handler).ok());
  ASSERT_TRUE(reactor_->add(b.get(), EPOLLIN, handler).ok());
  reactor_->runOnce(0ms);
  reactor_->runOnce(0ms);
  EXPECT_EQ(calls, 1);
}

TEST_F(ReactorTest, PostWakesTheLoopFromAnotherThread) {
  std::thread other([&] { reactor_->post([&] { reactor_->stop(); }); });
  reactor_->run();
  other.join();
}

TEST_F(ReactorTest, AddingAClosedFdSaysWhy) {
  const auto result = reactor_->add(-1, EPOLLIN, [](uint32_t) {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().errnum(), EBADF);
}

}  // namespace
}  // namespace sluice
