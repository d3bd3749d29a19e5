// SPDX-License-Identifier: Apache-2.0
// Server and clients over real channels, on one reactor.
#include <netinet/tcp.h>
#include <poll.h>

#include "tests/unit/broker/support.h"
#include "userspace/broker/client.h"
#include "userspace/broker/server.h"
#include "userspace/model/codes.h"

namespace sluice::broker {
namespace {

class SessionTest : public testing::Test {
 protected:
  void SetUp() override {
    SLUICE_NEEDS_ROOT();
    auto server = Server::create(*reactor_, enrolments_, connector_,
                                 {{table_.get()},
                                  2,
                                  [this](const Error& e) { ended_.push_back(e); },
                                  [this] { return ++resets_, reset_outcome_; },
                                  [this] { ++drains_; },
                                  {},
                                  [this](const Report& report, std::function<void()> answer) {
                                    reports_.push_back(report);
                                    answers_.push_back(std::move(answer));
                                  },
                                  {socket_.get()}});
    server_ = *std::move(server);
    startAgent();
  }

  // What a fresh agent does; the one before it, if any, is gone.
  void startAgent() {
    workloads_.reset();
    sockets_.reset();
    Fd control = *server_->open();
    session_ = *join(control.get(), 5s);
    control_ = control.get();
    worker_ = session_.workers[0].get();
    const auto lost = [this](const Error&) { ++lost_; };
    workloads_ =
        *WorkloadClient::create(*reactor_, std::move(control), lost,
                                [this](const Command& command) { commands_.push_back(command); });
    sockets_ = *SocketClient::create(*reactor_, std::move(session_.workers[0]), lost);
  }

  Result<Enrolled> enroll(uint64_t id, const TestCgroup& cgroup, const TestNamespace& there) {
    std::optional<Result<Enrolled>> answer;
    workloads_->enroll({{id}, cgroup.path(), there.path()},
                       [&](Result<Enrolled> result) { answer = std::move(result); });
    runUntil(*reactor_, [&] { return answer.has_value(); });
    return *std::move(answer);
  }

  Result<Fd> connect(const UpstreamTarget& target) {
    std::optional<Result<Fd>> answer;
    sockets_->connect(target, [&](Result<Fd> result) { answer = std::move(result); });
    runUntil(*reactor_, [&] { return answer.has_value(); });
    return *std::move(answer);
  }

  void sendRaw(int channel, std::span<const std::byte> bytes) {
    ASSERT_TRUE(*sendPacket(channel, bytes, {}));
  }

  SteadyClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  Cgroups cgroups_ = *Cgroups::find();
  NamespaceVisitor visitor_ = *NamespaceVisitor::create();
  FakeAttachments attachments_;
  TestTables tables_{{*IpAddress::parse("127.0.0.1"), 1}};
  Enrolments enrolments_{cgroups_, visitor_, attachments_};
  Leaving leaving_{*reactor_};
  Connector connector_{tables_.plane, enrolments_, leaving_, visitor_};
  Fd table_{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  std::vector<Error> ended_;
  int lost_ = 0;
  int resets_ = 0;
  int drains_ = 0;
  Result<void> reset_outcome_;
  Fd socket_{::open("/dev/zero", O_RDONLY | O_CLOEXEC)};  ///< as good as any
  std::vector<Report> reports_;
  std::vector<std::function<void()>> answers_;
  std::vector<Command> commands_;
  std::unique_ptr<Server> server_;
  Session session_;
  int control_ = -1, worker_ = -1;  ///< the agent's ends, owned by the clients
  std::unique_ptr<WorkloadClient> workloads_;
  std::unique_ptr<SocketClient> sockets_;
};

TEST_F(SessionTest, HelloBringsTablesAndAChannelPerWorker) {
  ASSERT_EQ(session_.tables.size(), 1u);
  EXPECT_EQ(*FileIdentity::of(session_.tables[0].get()), *FileIdentity::of(table_.get()));
  EXPECT_EQ(session_.workers.size(), 2u);
}

TEST_F(SessionTest, ResettingIsAskedForAndAnswered) {
  std::vector<Result<void>> answers;
  const auto ask = [&] { workloads_->resetGone([&](Result<void> it) { answers.push_back(it); }); };
  ask();
  runUntil(*reactor_, [&] { return answers.size() == 1; });
  EXPECT_TRUE(answers[0].ok());

  reset_outcome_ = Error(Error::Code::kPermission, "no rights");
  ask();
  runUntil(*reactor_, [&] { return answers.size() == 2; });
  EXPECT_EQ(answers[1].error().message(), "no rights");
  EXPECT_EQ(resets_, 2);
}

TEST_F(SessionTest, NeighboursAreToldAlsoOfAWorkloadThatIsLeftAlone) {
  const TestCgroup cgroup;
  const TestNamespace there;
  attachments_.others = {{code::kCiliumSocketLb, "cil_sock4_conne"}};
  const auto enrolled = enroll(1, cgroup, there);
  ASSERT_TRUE(enrolled.ok()) << enrolled.error().message();
  EXPECT_EQ(enrolled->neighbours, attachments_.others);
  EXPECT_TRUE(enrolled->listener4);
  attachments_.others.push_back({code::kExclusiveProgram, "cil_sock4_conne"});
  const auto alone = enroll(1, cgroup, there);
  ASSERT_TRUE(alone.ok()) << alone.error().message();
  EXPECT_TRUE(alone->isLeftAlone());
  EXPECT_EQ(alone->neighbours, attachments_.others);
}

TEST_F(SessionTest, DrainingIsAskedForAndAnswered) {
  std::optional<Result<void>> answer;
  workloads_->drain([&](Result<void> it) { answer = std::move(it); });
  runUntil(*reactor_, [&] { return answer.has_value(); });
  EXPECT_TRUE(answer->ok());
  EXPECT_EQ(drains_, 1);
}

TEST_F(SessionTest, ConnectionsThatWaitedForTheNextAgentAreServedByIt) {
  const TestCgroup cgroup;
  const TestNamespace there;
  auto first = enroll(1, cgroup, there);
  ASSERT_TRUE(first.ok()) << first.error().message();
  const auto client = there.inside([&] { return connectTo("127.1.0.9", first->listener4_port); });
  ASSERT_TRUE(client.ok());
  first->listener4.reset();
  first->listener6.reset();

  startAgent();
  const auto second = enroll(1, cgroup, there);
  ASSERT_TRUE(second.ok());
  const Fd accepted(::accept4(second->listener4.get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(accepted);
  ASSERT_EQ(::write(client->get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(accepted.get(), &byte, 1), 1);
}

TEST_F(SessionTest, EachWorkloadConnectsFromItsOwnNamespace) {
  const TestCgroup cgroup1, cgroup2;
  const TestNamespace namespace1, namespace2;
  ASSERT_TRUE(enroll(1, cgroup1, namespace1).ok());
  ASSERT_TRUE(enroll(2, cgroup2, namespace2).ok());
  tables_.workload(2, 1);
  auto server = namespace2.inside([] { return Result(listenAt("127.0.0.1")); });
  tables_.endpoint(1, {*IpAddress::parse("127.0.0.1"), server->second});

  const auto socket = connect({{2}, {1}, {1}, {1}});
  ASSERT_TRUE(socket.ok()) << socket.error().message();
  pollfd writable{socket->get(), POLLOUT, 0};
  ASSERT_EQ(::poll(&writable, 1, 5000), 1);
  EXPECT_TRUE(Fd(::accept4(server->first.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  int no_delay = 0;
  socklen_t size = sizeof(no_delay);
  ::getsockopt(socket->get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
  EXPECT_EQ(no_delay, 1);
  EXPECT_NE(::fcntl(socket->get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(socket->get(), F_GETFD) & FD_CLOEXEC, 0);

  // In the other namespace nobody listens there.
  const auto refused = connect({{1}, {1}, {1}, {1}});
  if (!refused.ok()) {
    EXPECT_EQ(refused.error().errnum(), ECONNREFUSED);
  } else {
    pollfd failed{refused->get(), POLLOUT, 0};
    ASSERT_EQ(::poll(&failed, 1, 5000), 1);
    EXPECT_NE(failed.revents & POLLERR, 0);
  }
}

TEST_F(SessionTest, AWorkloadThatLeavesIsConnectedForAWhile) {
  const TestCgroup cgroup;
  const TestNamespace there;
  auto server = there.inside([] { return Result(listenAt("127.0.0.1")); });
  tables_.endpoint(1, {*IpAddress::parse("127.0.0.1"), server->second});
  enrolments_.follow({.detached = [this](WorkloadId workload, Enrolments::Place place) {
    leaving_.add(workload, std::move(place.network_namespace));
  }});
  ASSERT_TRUE(enroll(1, cgroup, there).ok());
  ASSERT_TRUE(connect({{1}, {1}, {1}, {1}}).ok());
  attachments_.others = {{code::kSidecar, "pilot-agent"}};
  ASSERT_TRUE(enroll(1, cgroup, there)->isLeftAlone());
  ASSERT_TRUE(maps::View<Table::kWorkloads>(tables_.plane).erase(1).ok());
  EXPECT_TRUE(connect({{1}, {1}, {1}, {1}}).ok()) << "the proxy finishes what is open";
}

TEST_F(SessionTest, TargetsThatTheTablesOrTheEnrolmentsDoNotAllowAreRefused) {
  EXPECT_EQ(connect({{1}, {1}, {1}, {1}}).error().code(), Error::Code::kPermission);
  const TestCgroup cgroup;
  const TestNamespace there;
  ASSERT_TRUE(enroll(1, cgroup, there).ok());
  EXPECT_EQ(connect({{1}, {1}, {4}, {4}}).error().code(), Error::Code::kPermission);
}

TEST_F(SessionTest, AddressOutOfReachIsToldByErrno) {
  const TestCgroup cgroup;
  const TestNamespace there;
  ASSERT_TRUE(enroll(1, cgroup, there).ok());
  tables_.endpoint(1, {*IpAddress::parse("192.0.2.1"), 80});
  EXPECT_EQ(connect({{1}, {1}, {1}, {1}}).error().errnum(), ENETUNREACH);
  tables_.endpoint(1, {*IpAddress::parse("2001:db8::1"), 80});
  EXPECT_EQ(connect({{1}, {1}, {1}, {1}}).error().errnum(), ENETUNREACH);
}

TEST_F(SessionTest, KeepOnlyTakesListsLongerThanAMessage) {
  std::vector<WorkloadId> kept;
  for (uint64_t id = 1; id <= 300; ++id) kept.push_back({id});
  attachments_.cgroups = {{{300}, {}}, {{301}, {}}};
  std::optional<Result<void>> answer;
  workloads_->keepOnly(kept, [&](Result<void> result) { answer = std::move(result); });
  runUntil(*reactor_, [&] { return answer.has_value(); });
  ASSERT_TRUE(answer->ok());
  EXPECT_EQ(attachments_.attached(), std::vector<WorkloadId>{{300}});
}

TEST_F(SessionTest, EnrolmentThatCannotBeSentIsRefusedLater) {
  std::optional<Result<Enrolled>> answer;
  workloads_->enroll({{1}, "/../x", "/run/netns/web"},
                     [&](Result<Enrolled> result) { answer = std::move(result); });
  EXPECT_FALSE(answer.has_value());
  runUntil(*reactor_, [&] { return answer.has_value(); });
  EXPECT_EQ(answer->error().code(), Error::Code::kInvalid);
  EXPECT_TRUE(ended_.empty());
}

TEST_F(SessionTest, MalformedMessageEndsTheSessionAndFailsWhatWaits) {
  sendRaw(control_, bytesOf(message<Connect>(1)));
  std::optional<Result<Fd>> answer;
  sockets_->connect({{1}, {1}, {1}, {1}}, [&](Result<Fd> result) { answer = std::move(result); });
  runUntil(*reactor_, [&] { return lost_ == 2; });
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_EQ(ended_[0].code(), Error::Code::kInvalid);
  ASSERT_TRUE(answer.has_value());

  std::optional<Result<Fd>> late;
  sockets_->connect({{1}, {1}, {1}, {1}}, [&](Result<Fd> result) { late = std::move(result); });
  runUntil(*reactor_, [&] { return late.has_value(); });
  EXPECT_EQ(late->error().code(), Error::Code::kUnavailable);
}

TEST_F(SessionTest, EachKindOfMalformedMessageEndsTheSessionAndTheNextOneWorks) {
  auto parent_step = message<Enroll>(1);
  store(Enrolment{{1}, "/a/../b", "/run/netns/web"}, parent_step);
  auto endless = message<Enroll>(1);
  std::ranges::fill(endless.network_namespace, '/');
  auto too_many = message<KeepOnly>(1);
  too_many.count = KeepOnly::kCapacity + 1;
  const auto enroll_by_worker = message<Enroll>(1);
  const auto garbage = std::vector<std::byte>(5);

  const std::vector<std::pair<bool, std::span<const std::byte>>> cases = {
      {false, bytesOf(parent_step)},     {false, bytesOf(endless)}, {false, bytesOf(too_many)},
      {true, bytesOf(enroll_by_worker)}, {true, garbage},           {false, garbage}};
  for (const auto& [worker, bytes] : cases) {
    ended_.clear();
    sendRaw(worker ? worker_ : control_, bytes);
    runUntil(*reactor_, [&] { return !ended_.empty(); });
    EXPECT_EQ(ended_[0].code(), Error::Code::kInvalid);
    startAgent();
  }
  EXPECT_EQ(connect({{9}, {1}, {1}, {1}}).error().code(), Error::Code::kPermission);
}

TEST_F(SessionTest, RequestWithDescriptorsEndsTheSession) {
  std::vector<Fd> fds;
  fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(*sendPacket(worker_, bytesOf(message<Connect>(1)), fds));
  runUntil(*reactor_, [&] { return !ended_.empty(); });
  EXPECT_EQ(ended_[0].code(), Error::Code::kInvalid);
}

TEST_F(SessionTest, TooManyWaitingRequestsAreRefusedAndTheOthersAnswered) {
  int exhausted = 0;
  size_t answered = 0;
  for (size_t i = 0; i < Calls::kMaxWaiting + 3; ++i) {
    sockets_->connect({{1}, {1}, {1}, {1}}, [&](const Result<Fd>& result) {
      result.error().code() == Error::Code::kExhausted ? exhausted++ : answered++;
    });
  }
  runUntil(*reactor_, [&] { return answered == Calls::kMaxWaiting; });
  EXPECT_EQ(exhausted, 3);
}

TEST(Server, MoreDescriptorsThanOneMessageCarriesAreRefused) {
  SteadyClock clock;
  const auto reactor = *Reactor::create(clock);
  TestTables tables{{*IpAddress::parse("127.0.0.1"), 1}};
  const auto cgroups = *Cgroups::find();
  const auto visitor = *NamespaceVisitor::create();
  FakeAttachments attachments;
  Enrolments enrolments{cgroups, visitor, attachments};
  const Leaving leaving{*reactor};
  Connector connector{tables.plane, enrolments, leaving, visitor};
  EXPECT_FALSE(Server::create(*reactor, enrolments, connector, {{}, kMaxFds + 1, {}}).ok());
}

TEST(Join, SilentAndForeignBrokersAreTold) {
  auto pair = *packetPair();
  EXPECT_EQ(join(pair.second.get(), 1ms).error().code(), Error::Code::kUnavailable);
  auto hello = message<Hello>(0);
  hello.protocol = kProtocol + 1;
  ASSERT_TRUE(*sendPacket(pair.first.get(), bytesOf(hello), {}));
  EXPECT_EQ(join(pair.second.get(), 5s).error().code(), Error::Code::kUnsupported);
}

TEST_F(SessionTest, SocketsComeAsTheyAre) {
  ASSERT_EQ(session_.sockets.size(), 1u);
  EXPECT_EQ(*FileIdentity::of(session_.sockets[0].get()), *FileIdentity::of(socket_.get()));
}

TEST_F(SessionTest, TheBrokerCommandsUnaskedAndTheAgentReports) {
  server_->command(Order::kRetire, 5, 60);
  runUntil(*reactor_, [&] { return !commands_.empty(); });
  EXPECT_EQ(commands_[0].order, static_cast<uint32_t>(Order::kRetire));
  EXPECT_EQ(commands_[0].seconds, 60u);
  EXPECT_EQ(commands_[0].round, 5u);

  bool answered = false;
  workloads_->report(Event::kReady, 5, [&] { answered = true; });
  runUntil(*reactor_, [&] { return !reports_.empty(); });
  EXPECT_EQ(reports_[0].event, static_cast<uint32_t>(Event::kReady));
  EXPECT_EQ(reports_[0].round, 5u);
  reactor_->runOnce(10ms);
  EXPECT_FALSE(answered) << "not before the broker says so";
  answers_[0]();
  runUntil(*reactor_, [&] { return answered; });
}

TEST_F(SessionTest, AnAnswerThatComesTooLateIsNotForTheNextAgent) {
  workloads_->report(Event::kReady, 0, [] { FAIL() << "it was another one that asked"; });
  runUntil(*reactor_, [&] { return !reports_.empty(); });
  startAgent();
  answers_[0]();
  for (int i = 0; i < 5; ++i) reactor_->runOnce(10ms);
  EXPECT_EQ(lost_, 0);
}

TEST_F(SessionTest, AClosedConnectorRefuses) {
  const TestCgroup cgroup;
  const TestNamespace there;
  ASSERT_TRUE(enroll(1, cgroup, there).ok());
  ASSERT_TRUE(connect({{1}, {1}, {1}, {1}}).ok());
  connector_.close();
  EXPECT_EQ(connect({{1}, {1}, {1}, {1}}).error().code(), Error::Code::kUnavailable);
}

}  // namespace
}  // namespace sluice::broker
