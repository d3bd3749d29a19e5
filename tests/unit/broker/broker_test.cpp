// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/broker.h"

#include <sys/resource.h>

#include <fstream>

#include "tests/unit/broker/support.h"

namespace sluice::broker {
namespace {

/// Agents are shell scripts that leave a line in a file when they start.
class BrokerTest : public testing::Test {
 protected:
  void SetUp() override { SLUICE_NEEDS_ROOT(); }
  void TearDown() override { std::filesystem::remove(file_); }

  void start(const std::string& script) {
    broker_ = *Broker::create(*reactor_, attachments_, tables_.plane, {0}, {},
                              {{"/bin/sh", "-c", "echo $$ >>" + file_ + "; " + script}, 1, 10s});
    ASSERT_TRUE(broker_->start().ok());
  }

  size_t starts() const {
    std::ifstream file(file_);
    size_t lines = 0;
    for (std::string line; std::getline(file, line);) ++lines;
    return lines;
  }

  void stop() {
    bool stopped = false;
    broker_->stop([&] { stopped = true; });
    runUntil(*reactor_, [&] { return stopped; });
  }

  const std::string file_ = testing::TempDir() + "broker-starts-" + std::to_string(::getpid());
  SteadyClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  FakeAttachments attachments_;
  TestTables tables_{{*IpAddress::parse("127.0.0.1"), 1}};
  std::unique_ptr<Broker> broker_;
};

TEST_F(BrokerTest, AgentThatBreaksTheProtocolIsReplaced) {
  start("echo garbage >&3; exec sleep 100");
  runUntil(*reactor_, [&] { return starts() >= 2; });
  stop();
}

TEST_F(BrokerTest, AgentThatClosesItsChannelIsReplaced) {
  start("exec 3>&-; exec sleep 100");
  runUntil(*reactor_, [&] { return starts() >= 2; });
  stop();
}

TEST_F(BrokerTest, AgentThatClosesItsChannelWhileItStopsMayFinish) {
  start("trap 'exec 3>&-; sleep 0.1; echo done >>" + file_ + "; exit' TERM; echo up >>" + file_ +
        "; while :; do sleep 0.01; done");
  runUntil(*reactor_, [&] { return starts() == 2; });
  stop();
  EXPECT_EQ(starts(), 3u);
}

TEST(OpenFiles, AreRaisedToTheLimit) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit lowered{before.rlim_max - 1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
  ASSERT_TRUE(raiseOpenFiles().ok());
  rlimit after{};
  ::getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace sluice::broker
