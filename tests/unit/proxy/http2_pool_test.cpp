// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http2_pool.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/support/manual_clock.h"
#include "tests/support/memory_data_plane.h"
#include "userspace/proxy/context.h"

namespace sluice::proxy {
namespace {

class NoSockets final : public Sockets {
 public:
  void connect(const UpstreamTarget&, Opened) override {}
};

class Http2PoolTest : public testing::Test {
 protected:
  Http2Pool::Lead lead() {
    return pool_.lead(key_, [this] { ++woken_; });
  }
  Result<void> adopt(Fd socket) {
    return pool_.adopt(lead(), std::make_shared<SocketChannel>(*reactor_, std::move(socket)), {});
  }
  void turn() { reactor_->runOnce(Duration::zero()); }

  const Upstream::Key key_{.workload = {1}, .address = {*IpAddress::parse("10.0.0.1"), 80}};
  sluice::test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  NoSockets sockets_;
  sluice::test::MemoryDataPlane tables_;
  SystemRandom random_{1};
  RetryLimits retry_limits_{clock_};
  Context context_{*reactor_, sockets_, tables_, random_, retry_limits_, WorkerOptions{}, {}};
  Http2Pool& pool_ = *context_.http2_pool;
  int woken_ = 0;
};

TEST_F(Http2PoolTest, OneConnectsAndWhoWaitsHearsThatItDoesNoMore) {
  auto first = lead();
  EXPECT_TRUE(first);
  EXPECT_FALSE(lead());
  first.release();
  EXPECT_EQ(woken_, 0) << "not from within";
  turn();
  EXPECT_EQ(woken_, 1);
  EXPECT_TRUE(lead());
}

TEST_F(Http2PoolTest, NothingIsLeftOfServersThatNobodyReached) {
  {
    const auto first = lead();
    EXPECT_FALSE(lead());
    EXPECT_EQ(pool_.size(), 1u);
  }
  EXPECT_EQ(pool_.size(), 0u);
  EXPECT_FALSE(adopt(Fd()).ok());
  EXPECT_EQ(pool_.size(), 0u);
}

TEST_F(Http2PoolTest, NothingIsLeftOfConnectionsThatAreOver) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  Fd peer(ends[1]);
  ASSERT_TRUE(adopt(Fd(ends[0])).ok());
  EXPECT_EQ(pool_.size(), 1u);
  peer.reset();
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_EQ(pool_.size(), 0u);
}

}  // namespace
}  // namespace sluice::proxy
