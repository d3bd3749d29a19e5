// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/enroller.h"

#include "tests/unit/agent/support.h"
#include "userspace/model/codes.h"
#include "userspace/steering/workload_id.h"

namespace sluice::agent {
namespace {

using namespace std::chrono_literals;

/// Remembers what is asked; the test answers.
class FakeWorkloads final : public Workloads {
 public:
  struct Asked {
    Enrolment enrolment;
    std::function<void(Result<Enrolled>)> done;
  };

  void enroll(const Enrolment& enrolment, std::function<void(Result<Enrolled>)> done) override {
    asked.push_back({enrolment, std::move(done)});
  }
  void keepOnly(const std::vector<WorkloadId>& workloads,
                std::function<void(Result<void>)> done) override {
    kept.push_back(workloads);
    done({});
  }

  void resetGone(std::function<void(Result<void>)> done) override { done({}); }
  void drain(std::function<void(Result<void>)> done) override { done({}); }

  std::vector<Asked> asked;
  std::vector<std::vector<WorkloadId>> kept;
};

Enrolled answer(uint16_t port, uint64_t netns_cookie = 7) {
  Enrolled enrolled;
  enrolled.listener4_port = port;
  enrolled.netns_cookie = netns_cookie;
  return enrolled;
}

std::shared_ptr<const Workload> named(const std::string& name, const std::string& cgroup) {
  auto made = std::make_shared<Workload>();
  made->metadata.name = name;
  made->cgroup = cgroup;
  made->network_namespace = "/run/netns/" + name;
  return made;
}

class EnrollerTest : public testing::Test {
 protected:
  void pass(Duration time) {
    clock_.advance(time);
    reactor_->runOnce(0ms);
    reactor_->runOnce(0ms);
  }

  sluice::test::ManualClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  FakeWorkloads broker_;
  std::vector<WorkloadId> enrolled_, gone_;
  Enroller enroller_{*reactor_,
                     broker_,
                     {[this](WorkloadId id, const Workload&, Enrolled) { enrolled_.push_back(id); },
                      [this](WorkloadId id) { gone_.push_back(id); }}};
  const WorkloadId web_ = steering::workloadId("default/web");
};

TEST_F(EnrollerTest, StartReleasesWhatAnEarlierAgentLeft) {
  enroller_.want({});
  EXPECT_EQ(broker_.kept, (std::vector<std::vector<WorkloadId>>{{}}));
}

TEST_F(EnrollerTest, FailureIsShownAndTriedAgainWithGrowingPauses) {
  enroller_.want({named("web", "/web")});
  ASSERT_EQ(broker_.asked.size(), 1u);
  broker_.asked[0].done(Error(Error::Code::kNotFound, "open /web", "start it"));
  const auto status = enroller_.status();
  ASSERT_EQ(status.size(), 1u);
  EXPECT_EQ(status[0].state, Enroller::State::kRetrying);
  EXPECT_EQ(status[0].failure->message(), "open /web");
  pass(99ms);
  EXPECT_EQ(broker_.asked.size(), 1u);
  pass(1ms);
  ASSERT_EQ(broker_.asked.size(), 2u);
  broker_.asked[1].done(Error(Error::Code::kNotFound, "open /web"));
  pass(199ms);
  EXPECT_EQ(broker_.asked.size(), 2u);
  pass(1ms);
  ASSERT_EQ(broker_.asked.size(), 3u);
  broker_.asked[2].done(answer(1));
  EXPECT_EQ(enrolled_, std::vector{web_});
  EXPECT_EQ(enroller_.status()[0].state, Enroller::State::kEnrolled);
  EXPECT_FALSE(enroller_.status()[0].failure);
}

TEST_F(EnrollerTest, SameSocketsAreHandedOnOnce) {
  enroller_.want({named("web", "/web")});
  broker_.asked[0].done(answer(1));
  pass(Enroller::kRecheck);
  ASSERT_EQ(broker_.asked.size(), 2u);
  broker_.asked[1].done(answer(1));
  EXPECT_EQ(enrolled_.size(), 1u);
  pass(Enroller::kRecheck);
  broker_.asked.at(2).done(answer(2));  // the unit was restarted in a namespace of its own
  EXPECT_EQ(enrolled_.size(), 2u);
}

TEST_F(EnrollerTest, SameSocketsAreHandedOnOnceAlsoWhereTheKernelHasNoCookies) {
  enroller_.want({named("web", "/web")});
  broker_.asked[0].done(answer(1, 0));
  pass(Enroller::kRecheck);
  broker_.asked.at(1).done(answer(1, 0));
  EXPECT_EQ(enrolled_.size(), 1u);
  enroller_.want({named("web", "/moved")});
  broker_.asked.at(2).done(answer(1, 0));  // the same port of another namespace
  EXPECT_EQ(enrolled_.size(), 2u);
}

TEST_F(EnrollerTest, NeighboursAreThoseOfTheLastAnswer) {
  enroller_.want({named("web", "/web")});
  auto first = answer(1);
  first.neighbours = {{code::kCiliumSocketLb, "cil_sock4_conne (id 1, connect4)"}};
  broker_.asked[0].done(std::move(first));
  EXPECT_EQ(enroller_.status()[0].neighbours.at(0).code, code::kCiliumSocketLb);
  pass(Enroller::kRecheck);
  broker_.asked.at(1).done(answer(1));
  EXPECT_EQ(enroller_.status()[0].neighbours, Neighbours{});
  EXPECT_EQ(enrolled_.size(), 1u);
}

TEST_F(EnrollerTest, WorkloadThatANeighbourKeepsUsFromIsGoneUntilItLeaves) {
  enroller_.want({named("web", "/web")});
  broker_.asked[0].done(answer(1));
  pass(Enroller::kRecheck);
  Enrolled alone;
  alone.neighbours = {{code::kSidecar, "pilot-agent (pid 7)"}};
  broker_.asked.at(1).done(std::move(alone));
  EXPECT_EQ(gone_, std::vector{web_});
  const auto status = enroller_.status();
  EXPECT_EQ(status[0].state, Enroller::State::kLeftAlone);
  EXPECT_EQ(status[0].listener4_port, 0);
  EXPECT_EQ(status[0].neighbours.at(0).who, "pilot-agent (pid 7)");
  pass(Enroller::kRecheck);
  broker_.asked.at(2).done(answer(1));
  EXPECT_EQ(enrolled_.size(), 2u) << "enrolled afresh, though its sockets look the same";
  EXPECT_EQ(enroller_.status()[0].state, Enroller::State::kEnrolled);
}

TEST_F(EnrollerTest, NobodyWaitsForAWorkloadThatIsLeftAlone) {
  enroller_.want({named("web", "/web")});
  bool attempted = false;
  enroller_.whenAttempted([&] { attempted = true; });
  Enrolled alone;
  alone.neighbours = {{code::kGvisor, "runsc (pid 7)"}};
  broker_.asked[0].done(std::move(alone));
  EXPECT_TRUE(attempted);
  EXPECT_TRUE(enrolled_.empty());
  EXPECT_TRUE(gone_.empty());
}

TEST_F(EnrollerTest, WorkloadThatGoesIsForgottenBeforeItIsReleased) {
  enroller_.want({named("web", "/web"), named("batch", "/batch")});
  broker_.asked[0].done(answer(1));
  enroller_.want({named("batch", "/batch")});
  EXPECT_EQ(gone_, std::vector{web_});
  EXPECT_EQ(broker_.kept.back(), std::vector{steering::workloadId("default/batch")});
  pass(Enroller::kRecheck);
  EXPECT_EQ(broker_.asked.size(), 2u) << "asks for a workload that is gone";
}

TEST_F(EnrollerTest, AnswerToAnOlderQuestionDoesNotCount) {
  enroller_.want({named("web", "/old")});
  enroller_.want({named("web", "/new")});
  ASSERT_EQ(broker_.asked.size(), 2u);
  broker_.asked[0].done(answer(1));
  EXPECT_TRUE(enrolled_.empty());
  broker_.asked[1].done(answer(2));
  EXPECT_EQ(enrolled_, std::vector{web_});
}

TEST_F(EnrollerTest, MovedWorkloadIsEnrolledAgain) {
  enroller_.want({named("web", "/old")});
  broker_.asked[0].done(answer(1));
  enroller_.want({named("web", "/new")});
  ASSERT_EQ(broker_.asked.size(), 2u);
  EXPECT_EQ(broker_.asked[1].enrolment.cgroup, "/new");
}

TEST_F(EnrollerTest, WaitsForFirstAttemptsAndNotForSuccess) {
  enroller_.want({named("web", "/web")});
  bool done = false;
  enroller_.whenAttempted([&] { done = true; });
  EXPECT_FALSE(done);
  broker_.asked[0].done(Error(Error::Code::kNotFound, "open /web"));
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace sluice::agent
