// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/supervisor.h"

#include <sys/wait.h>

#include <csignal>

#include "tests/unit/broker/support.h"
#include "userspace/broker/packet.h"
#include "userspace/broker/protocol.h"
#include "userspace/broker/signals.h"

namespace sluice::broker {
namespace {

/// Agents are shell scripts that talk over their control channel, descriptor 3.
class SupervisorTest : public testing::Test {
 protected:
  void supervise(const std::string& script, Duration stop_deadline = 10s) {
    supervisor_ = std::make_unique<Supervisor>(
        *reactor_, Supervisor::Options{
                       {"/bin/sh", "-c", script}, [this] { return openChannel(); }, stop_deadline});
  }

  Result<Fd> openChannel() {
    auto pair = *packetPair();
    channels_.push_back(std::move(pair.first));
    opened_.push_back(reactor_->now());
    return std::move(pair.second);
  }

  // What the newest agent says next.
  std::string heard() {
    std::string text;
    runUntil(*reactor_, [&] {
      const auto packet = receivePacket(channels_.back().get());
      if (!packet.ok() || !*packet) return false;
      for (const auto byte : (*packet)->bytes) text += static_cast<char>(byte);
      return true;
    });
    return text;
  }

  void stop() {
    bool stopped = false;
    supervisor_->stop([&] { stopped = true; });
    runUntil(*reactor_, [&] { return stopped; });
    EXPECT_EQ(supervisor_->agent(), 0);
  }

  SteadyClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  std::vector<Fd> channels_;
  std::vector<TimePoint> opened_;
  std::unique_ptr<Supervisor> supervisor_;
};

// What this process itself was given to pass on (0, 1, 2, and what the test's runner left open).
size_t inheritable() {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int flags = ::fcntl(std::stoi(entry.path().filename()), F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) ++count;
  }
  return count;
}

TEST_F(SupervisorTest, AgentHasItsChannelAndNothingElse) {
  supervise("echo $(ls /proc/self/fd | wc -w) >&3; exec sleep 100");
  // A runner that left its own 3 open loses it to the channel.
  const bool taken = ::fcntl(kControlFd, F_GETFD) == 0;
  const size_t expected = inheritable() + (taken ? 0 : 1) + 1;  // ls opens the directory
  ASSERT_TRUE(supervisor_->start().ok());
  EXPECT_EQ(heard(), std::to_string(expected) + "\n");
}

// A terminal's Ctrl-C goes to the starter's group; who else gets it dies before it is told to stop.
TEST_F(SupervisorTest, AgentHasAProcessGroupOfItsOwn) {
  supervise("set -- $(cat /proc/$$/stat); echo $$ $5 >&3; exec sleep 100");
  ASSERT_TRUE(supervisor_->start().ok());
  const auto agent = std::to_string(supervisor_->agent());
  EXPECT_EQ(heard(), agent + " " + agent + "\n");
}

TEST_F(SupervisorTest, DeadAgentIsReplacedWithAFreshChannelAtOnceThenLater) {
  supervise("echo up >&3; exit 3");
  ASSERT_TRUE(supervisor_->start().ok());
  runUntil(*reactor_, [&] { return channels_.size() == 4; });
  EXPECT_EQ(heard(), "up\n");
  EXPECT_GE(opened_[2] - opened_[1], 100ms);
  EXPECT_GE(opened_[3] - opened_[2], 200ms);
}

TEST_F(SupervisorTest, RestartKillsTheAgentThatIs) {
  supervise("echo up >&3; trap '' TERM; exec sleep 100");
  ASSERT_TRUE(supervisor_->start().ok());
  EXPECT_EQ(heard(), "up\n");
  const pid_t first = supervisor_->agent();
  supervisor_->restart();
  runUntil(*reactor_, [&] { return channels_.size() == 2; });
  EXPECT_NE(supervisor_->agent(), first);
  EXPECT_EQ(heard(), "up\n");
}

TEST_F(SupervisorTest, StopIsOrderlyAndNobodyComesAfterIt) {
  supervise("trap 'echo bye >&3; exit 0' TERM; echo up >&3; while :; do sleep 0.01; done");
  ASSERT_TRUE(supervisor_->start().ok());
  EXPECT_EQ(heard(), "up\n");
  stop();
  EXPECT_EQ(heard(), "bye\n");
  EXPECT_EQ(channels_.size(), 1u);
}

// A shell would unblock them on its own.
TEST_F(SupervisorTest, SignalsThatAreBlockedHereReachTheAgent) {
  const auto signals = *Signals::watch(*reactor_, {SIGTERM}, [](int) {});
  supervisor_ = std::make_unique<Supervisor>(
      *reactor_,
      Supervisor::Options{{"/bin/sleep", "100"}, [this] { return openChannel(); }, 1min});
  ASSERT_TRUE(supervisor_->start().ok());
  stop();
}

TEST_F(SupervisorTest, AgentThatDoesNotStopIsKilledAtTheDeadline) {
  supervise("trap '' TERM; echo up >&3; while :; do sleep 0.01; done", 50ms);
  ASSERT_TRUE(supervisor_->start().ok());
  EXPECT_EQ(heard(), "up\n");
  stop();
}

TEST_F(SupervisorTest, StopBetweenTwoAgentsIsAtOnce) {
  supervise("exit 1");
  ASSERT_TRUE(supervisor_->start().ok());
  runUntil(*reactor_, [&] { return channels_.size() == 2 && supervisor_->agent() == 0; });
  stop();
  bool due = false;  // when the next agent would have been started
  reactor_->after(250ms, [&] { due = true; });
  runUntil(*reactor_, [&] { return due; });
  EXPECT_EQ(channels_.size(), 2u);
}

TEST_F(SupervisorTest, ProgramThatCannotBeRunIsAnErrorOfTheFirstStart) {
  supervisor_ = std::make_unique<Supervisor>(
      *reactor_, Supervisor::Options{{"/no/such/agent"}, [this] { return openChannel(); }, 1s});
  const auto started = supervisor_->start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().message(), "run /no/such/agent: No such file or directory");
}

TEST_F(SupervisorTest, AgentDiesWithItsStarter) {
  auto agent = *packetPair();
  const pid_t starter = ::fork();
  if (starter == 0) {
    auto child = ChildProcess::start({"/bin/sh", "-c", "echo up >&3; exec sleep 100"},
                                     std::move(agent.second));
    ::pause();
  }
  agent.second.reset();
  // The agent's end is open in starter (never again after the start) and in the agent.
  channels_.push_back(std::move(agent.first));
  EXPECT_EQ(heard(), "up\n");
  ::kill(starter, SIGKILL);
  ::waitpid(starter, nullptr, 0);
  runUntil(*reactor_, [&] { return !receivePacket(channels_.back().get()).ok(); });
}

TEST(Signals, ArriveOnTheReactorAndAreUnblockedAfterwards) {
  SteadyClock clock;
  const auto reactor = *Reactor::create(clock);
  int seen = 0;
  {
    const auto signals =
        *Signals::watch(*reactor, {SIGTERM, SIGINT}, [&](int number) { seen = number; });
    ::raise(SIGTERM);
    runUntil(*reactor, [&] { return seen == SIGTERM; });
  }
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  EXPECT_EQ(sigismember(&blocked, SIGTERM), 0);
}

TEST_F(SupervisorTest, WhileItHoldsNobodyComesAfterAnAgentThatEnds) {
  supervise("echo up >&3; exec sleep 100");
  ASSERT_TRUE(supervisor_->start().ok());
  EXPECT_EQ(heard(), "up\n");
  int ended = 0;
  supervisor_->hold([&] { ++ended; });
  supervisor_->restart();
  runUntil(*reactor_, [&] { return ended == 1; });
  EXPECT_EQ(supervisor_->agent(), 0);
  EXPECT_EQ(channels_.size(), 1u);
  supervisor_->release();
  runUntil(*reactor_, [&] { return channels_.size() == 2; });
  EXPECT_EQ(heard(), "up\n");
  supervisor_->restart();
  runUntil(*reactor_, [&] { return channels_.size() == 3; });
  EXPECT_EQ(ended, 1);
}

TEST_F(SupervisorTest, WhileItHoldsAnAgentThatWasDueIsNotStarted) {
  supervise("exit 1");
  ASSERT_TRUE(supervisor_->start().ok());
  runUntil(*reactor_, [&] { return channels_.size() == 2 && supervisor_->agent() == 0; });
  supervisor_->hold([] {});
  bool due = false;
  reactor_->after(250ms, [&] { due = true; });
  runUntil(*reactor_, [&] { return due; });
  EXPECT_EQ(channels_.size(), 2u);
  supervisor_->release();
  runUntil(*reactor_, [&] { return channels_.size() == 3; });
}

TEST_F(SupervisorTest, OneThatRetiresEndsByItselfOrAtItsDeadline) {
  for (const std::string script : {"sleep 0.05; exit", "exec sleep 100"}) {
    supervise("trap 'echo told >&3' TERM; " + script);
    ASSERT_TRUE(supervisor_->start().ok());
    bool stopped = false;
    supervisor_->retire(300ms, [&] { stopped = true; });
    runUntil(*reactor_, [&] { return stopped; });
    EXPECT_EQ(supervisor_->agent(), 0);
    const auto said = receivePacket(channels_.back().get());
    EXPECT_FALSE(said.ok() && *said) << "it was told something";
  }
}

}  // namespace
}  // namespace sluice::broker
