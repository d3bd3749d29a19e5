// SPDX-License-Identifier: Apache-2.0
// A place that changes hands, over real sockets; the agents are not there, or say what tests want.
#include <sys/un.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "tests/unit/broker/support.h"
#include "userspace/broker/agent_orders.h"
#include "userspace/broker/predecessor.h"
#include "userspace/broker/successor.h"

namespace sluice::broker {
namespace {

constexpr uint32_t kSchema = 7;

Fd anyFile() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

class HandoverTest : public testing::Test {
 protected:
  void SetUp() override {
    SLUICE_NEEDS_ROOT();
    sockets_ = {anyFile(), *listenForSuccessor(path_), anyFile(), anyFile()};
    Successor::Options options;
    options.schema = kSchema;
    options.sockets = &sockets_;
    options.drain = 10s;
    options.admit = [this] { return admit_; };
    options.bequest = [this] { return enrolments_.bequest(); };
    options.taken_back = [this] { ++taken_back_; };
    options.left = [this](bool same_listeners) { left_.push_back(same_listeners); };
    options.ended = [this] { ended_ = true; };
    successor_ = *Successor::create(*reactor_, orders_, std::move(options));
  }
  void TearDown() override { ::unlink(path_.c_str()); }

  /// What a sluiced that starts does; it waits for its answer on a thread of its own.
  Result<std::unique_ptr<Predecessor>> ask() {
    std::optional<Result<std::unique_ptr<Predecessor>>> answer;
    std::atomic<bool> answered = false;
    std::thread other([&] {
      answer = Predecessor::ask(path_, 10s);
      answered = true;
    });
    runUntil(*reactor_, [&] { return answered.load(); });
    other.join();
    return *std::move(answer);
  }

  /// The same, heard by this test's reactor.
  std::unique_ptr<Predecessor> begin() {
    auto place = ask();
    EXPECT_TRUE(place.ok()) << place.error().message();
    EXPECT_TRUE((*place)->watch(*reactor_).ok());
    return *std::move(place);
  }

  std::string answerTo(const Packet& packet) {
    const Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, path_.size());
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_TRUE(sendPacket(socket.get(), packet.bytes, {}).ok());
    std::string why;
    runUntil(*reactor_, [&] {
      const auto answer = receivePacket(socket.get());
      if (!answer.ok() || !*answer) return false;
      const auto refused = decodeHandover<Refused>(**answer, HandoverType::kRefused);
      why = refused.ok() ? refused->why : refused.error().message();
      return true;
    });
    return why;
  }

  const std::string path_ = testing::TempDir() + "handover-" + std::to_string(::getpid());
  SteadyClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  Cgroups cgroups_ = *Cgroups::find();
  NamespaceVisitor visitor_ = *NamespaceVisitor::create();
  FakeAttachments attachments_;
  TestTables tables_{{*IpAddress::parse("127.0.0.1"), 1}};
  Enrolments enrolments_{cgroups_, visitor_, attachments_};
  Leaving leaving_{*reactor_};
  Connector connector_{tables_.plane, enrolments_, leaving_, visitor_};
  std::unique_ptr<Server> server_ =
      *Server::create(*reactor_, enrolments_, connector_, {{}, 1, {}});
  Supervisor supervisor_{*reactor_,
                         {{"/bin/sleep", "100"}, [this] { return server_->open(); }, 1s}};
  Watchdog watchdog_{*reactor_, tables_.plane, supervisor_, 1min};
  AgentOrders orders_{*server_, supervisor_, watchdog_};
  PlaceSockets sockets_;
  Result<void> admit_;
  int taken_back_ = 0;
  std::vector<bool> left_;
  bool ended_ = false;
  std::unique_ptr<Successor> successor_;
};

TEST_F(HandoverTest, NobodyThereIsNoError) {
  const auto place = Predecessor::ask(path_ + "-none", 1s);
  ASSERT_TRUE(place.ok());
  EXPECT_EQ(*place, nullptr);
}

TEST_F(HandoverTest, ListenersAndWhatWaitsInThemChangeHands) {
  const TestCgroup cgroup;
  const TestNamespace there;
  const auto before = enrolments_.enroll({{1}, cgroup.path(), there.path()});
  ASSERT_TRUE(before.ok());
  const auto client = there.inside([&] { return connectTo("127.1.0.9", before->listener4_port); });
  ASSERT_TRUE(client.ok());

  auto place = begin();
  EXPECT_EQ(place->schema, kSchema);
  EXPECT_EQ(*FileIdentity::of(place->sockets.admin.get()), *FileIdentity::of(sockets_.admin.get()));
  Enrolments next(cgroups_, visitor_, attachments_);
  for (auto& [workload, listeners] : place->workloads) next.inherit(workload, std::move(listeners));
  enrolments_.closeListeners();
  const auto after = next.enroll({{1}, cgroup.path(), there.path()});
  ASSERT_TRUE(after.ok());

  EXPECT_EQ(after->listener4_port, before->listener4_port);
  EXPECT_EQ(after->listener6_port, before->listener6_port);
  EXPECT_EQ(after->alive_port, before->alive_port);
  EXPECT_EQ(after->netns_cookie, before->netns_cookie);
  EXPECT_TRUE(Fd(::accept4(after->listener4.get(), nullptr, nullptr, SOCK_CLOEXEC)));
}

TEST_F(HandoverTest, OneThatServesHasThePlaceForGood) {
  auto place = begin();
  bool stopped = false;
  place->stopAccepting([&] { stopped = true; });
  runUntil(*reactor_, [&] { return stopped; });
  EXPECT_TRUE(left_.empty());
  place->taken();
  runUntil(*reactor_, [&] { return ended_; });
  EXPECT_EQ(left_, std::vector{true});
  place.reset();
  reactor_->runOnce(10ms);
  EXPECT_EQ(taken_back_, 0);
  EXPECT_TRUE(successor_->hasTaken());
}

TEST_F(HandoverTest, WithListenersOfItsOwnItSaysSo) {
  auto place = begin();
  place->taken();
  runUntil(*reactor_, [&] { return ended_; });
  EXPECT_EQ(left_, std::vector{false});
}

TEST_F(HandoverTest, OneThatEndsGivesThePlaceBackAndTheNextMayAsk) {
  begin().reset();
  runUntil(*reactor_, [&] { return taken_back_ == 1; });
  EXPECT_FALSE(successor_->isThere());
  runUntil(*reactor_, [&] { return supervisor_.agent() != 0; });

  // This one does not understand what it is told; dead it is as good as one that rests.
  const std::function<void()> kill = [&] {
    if (successor_->isThere()) return supervisor_.restart();
    reactor_->after(10ms, kill);
  };
  kill();
  EXPECT_NE(begin(), nullptr);
  EXPECT_EQ(supervisor_.agent(), 0);
}

TEST_F(HandoverTest, AsLongAsAnAgentHoldsTheConnectionTheOneThatStartsHasNotEnded) {
  auto place = begin();
  const auto child = *ChildProcess::start({"/bin/sleep", "100"}, anyFile());
  place.reset();
  for (int i = 0; i < 5; ++i) reactor_->runOnce(10ms);
  EXPECT_EQ(taken_back_, 0);
  child.signal(SIGKILL);
  runUntil(*reactor_, [&] { return taken_back_ == 1; });
}

TEST_F(HandoverTest, OneThatLosesTheOtherGoesOn) {
  auto place = begin();
  successor_.reset();
  bool stopped = false;
  place->stopAccepting([&] { stopped = true; });
  runUntil(*reactor_, [&] { return stopped; });
}

TEST_F(HandoverTest, WhoCannotBeServedIsToldWhy) {
  admit_ = Error(Error::Code::kUnavailable, "not today");
  const auto refused = ask();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message().find("not today"), std::string::npos);
  admit_ = {};
  const auto first = begin();
  const auto second = ask();
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message().find("already"), std::string::npos);
}

TEST_F(HandoverTest, AnotherVersionAndStrangersAreRefused) {
  auto ask = packetOf(HandoverType::kAsk);
  ask.bytes[4] = std::byte{99};
  EXPECT_NE(answerTo(ask).find("version 1, the other one 99"), std::string::npos);
  ask.bytes[0] = std::byte{0};
  EXPECT_NE(answerTo(ask).find("not a message of sluiced"), std::string::npos);
  EXPECT_NE(answerTo({std::vector(3, std::byte{1}), {}}).find("not a message"), std::string::npos);
  EXPECT_FALSE(successor_->isThere());
}

TEST(HandoverProtocol, AWorkloadWithoutAllItsListenersIsRefused) {
  Listeners listeners{anyFile(), anyFile(), anyFile(), 1, 2, 3, 4};
  auto packet = packetOf(WorkloadId{5}, {{6, 7}, std::move(listeners)});
  ASSERT_EQ(packet.fds.size(), 3u);
  packet.fds.pop_back();
  EXPECT_EQ(workloadOf(std::move(packet)).error().code(), Error::Code::kInvalid);
}

/// What a version that is out there sends and understands.
TEST(HandoverProtocol, IsFrozen) {
  auto packet = packetOf(WorkloadId{0x0102}, {{6, 7}, {anyFile(), Fd(), anyFile(), 8, 0, 9, 10}});
  const std::vector<uint32_t> expected = {
      0x656c7321, 1, 4, 0, 0x0102, 0, 6, 0, 7, 0, 10, 0, 8, 9,
  };
  ASSERT_EQ(packet.bytes.size(), expected.size() * sizeof(uint32_t));
  std::vector<uint32_t> words(expected.size());
  std::memcpy(words.data(), packet.bytes.data(), packet.bytes.size());
  EXPECT_EQ(words, expected);
  const auto back = workloadOf(std::move(packet));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->first, WorkloadId{0x0102});
  EXPECT_EQ(back->second.listeners.alive_port, 9);
  EXPECT_FALSE(back->second.listeners.listener6);
  EXPECT_EQ(static_cast<int>(HandoverType::kTaken), 7);
}

}  // namespace
}  // namespace sluice::broker
