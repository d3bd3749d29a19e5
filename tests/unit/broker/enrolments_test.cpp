// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/enrolments.h"

#include "tests/unit/broker/support.h"
#include "userspace/model/codes.h"

namespace sluice::broker {
namespace {

FileIdentity identity(const TestCgroup& cgroup) {
  return *FileIdentity::of(Cgroups::find()->open(cgroup.path())->get());
}

class EnrolmentsTest : public testing::Test {
 protected:
  void SetUp() override { SLUICE_NEEDS_ROOT(); }

  Result<Enrolled> enroll(uint64_t id, const TestCgroup& cgroup, const TestNamespace& there) {
    return enrolments_.enroll({{id}, cgroup.path(), there.path()});
  }

  Cgroups cgroups_ = *Cgroups::find();
  NamespaceVisitor visitor_ = *NamespaceVisitor::create();
  FakeAttachments attachments_;
  Enrolments enrolments_{cgroups_, visitor_, attachments_, 2};
};

TEST_F(EnrolmentsTest, WorkloadGetsProgramsAndListeners) {
  const TestCgroup cgroup;
  const TestNamespace there;
  const Fd tun = there.addDevice("tun0", "10.9.8.7");
  const auto enrolled = enroll(1, cgroup, there);
  ASSERT_TRUE(enrolled.ok()) << enrolled.error().message();
  EXPECT_EQ(attachments_.cgroups.at({1}), identity(cgroup));
  EXPECT_EQ(enrolled->address4.text(), "10.9.8.7");
  EXPECT_NE(enrolled->netns_cookie, 0u);
  const auto reached =
      there.inside([&] { return connectTo("127.1.2.3", enrolled->listener4_port); });
  EXPECT_TRUE(reached.ok());
  EXPECT_EQ(enrolments_.namespaceOf({1})->identity(), there.open().identity());
}

TEST_F(EnrolmentsTest, VisitsEachNamespaceOnce) {
  const TestCgroup cgroup1, cgroup2;
  const TestNamespace shared;
  ASSERT_TRUE(enroll(1, cgroup1, shared).ok());
  ASSERT_TRUE(enroll(2, cgroup2, shared).ok());
  std::vector<FileIdentity> visited;
  const auto done = enrolments_.inEachNamespace([&]() -> Result<void> {
    visited.push_back(NetworkNamespace::current()->identity());
    return {};
  });
  EXPECT_TRUE(done.ok());
  EXPECT_EQ(visited, std::vector{shared.open().identity()});
}

TEST_F(EnrolmentsTest, SameFilesUnderOtherPathsAreTheSameEnrolment) {
  const TestCgroup cgroup;
  const TestNamespace there;
  const auto first = enroll(1, cgroup, there);
  const NetworkNamespace other = there.open();
  const auto path = "/proc/self/fd/" + std::to_string(other.fd());
  const auto second = enrolments_.enroll({{1}, "//" + cgroup.path(), path});
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->listener4_port, first->listener4_port);
  EXPECT_EQ(second->alive_port, first->alive_port);
  EXPECT_EQ(*FileIdentity::of(second->listener4.get()), *FileIdentity::of(first->listener4.get()));
}

TEST_F(EnrolmentsTest, AnotherNamespaceReplacesTheListenersAndAnotherCgroupTheAttachment) {
  const TestCgroup cgroup, moved;
  const TestNamespace there, elsewhere;
  const auto first = enroll(1, cgroup, there);
  const auto second = enroll(1, cgroup, elsewhere);
  ASSERT_TRUE(second.ok());
  EXPECT_NE(second->netns_cookie, first->netns_cookie);
  EXPECT_EQ(attachments_.cgroups.at({1}), identity(cgroup));
  const auto third = enroll(1, moved, elsewhere);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(third->listener4_port, second->listener4_port);
  EXPECT_EQ(attachments_.cgroups.at({1}), identity(moved));
}

TEST_F(EnrolmentsTest, CgroupOfAnotherWorkloadAndTooManyWorkloadsAreRefused) {
  const TestCgroup a, b, c;
  const TestNamespace there;
  ASSERT_TRUE(enroll(1, a, there).ok());
  EXPECT_EQ(enroll(2, a, there).error().code(), Error::Code::kInvalid);
  ASSERT_TRUE(enroll(2, b, there).ok());
  EXPECT_EQ(enroll(3, c, there).error().code(), Error::Code::kExhausted);
  EXPECT_TRUE(enroll(2, b, there).ok());
  EXPECT_EQ(attachments_.cgroups.size(), 2u);
}

TEST_F(EnrolmentsTest, NeighboursThatWeGetOnWithAreTold) {
  const TestCgroup cgroup;
  const TestNamespace there;
  attachments_.others = {{code::kCiliumSocketLb, "cil_sock4_conne"}};
  const auto enrolled = enroll(1, cgroup, there);
  ASSERT_TRUE(enrolled.ok());
  EXPECT_EQ(enrolled->neighbours, attachments_.others);
  EXPECT_FALSE(enrolled->isLeftAlone());
  EXPECT_EQ(attachments_.attached().size(), 1u);
}

TEST_F(EnrolmentsTest, ANeighbourThatKeepsUsAwayHasTheWorkloadLeftAlone) {
  const TestCgroup cgroup;
  const TestNamespace there;
  attachments_.others = {{code::kExclusiveProgram, "calico_connect_"}};
  const auto enrolled = enroll(1, cgroup, there);
  ASSERT_TRUE(enrolled.ok());
  EXPECT_TRUE(enrolled->isLeftAlone());
  EXPECT_FALSE(enrolled->listener4);
  EXPECT_EQ(enrolled->neighbours, attachments_.others);
  EXPECT_TRUE(attachments_.attached().empty());
  EXPECT_EQ(enrolments_.namespaceOf({1}), nullptr);
}

TEST_F(EnrolmentsTest, ANeighbourThatComesLaterHasTheWorkloadReleased) {
  const TestCgroup cgroup;
  const TestNamespace there;
  auto first = enroll(1, cgroup, there);
  const uint16_t port = first->listener4_port;
  first->listener4.reset();
  attachments_.others = {{code::kSidecar, "pilot-agent"}};
  EXPECT_TRUE(enroll(1, cgroup, there)->isLeftAlone());
  EXPECT_TRUE(attachments_.attached().empty());
  const auto reached = there.inside([&] { return connectTo("127.0.0.1", port); });
  EXPECT_EQ(reached.error().errnum(), ECONNREFUSED);
  attachments_.others.clear();
  EXPECT_FALSE(enroll(1, cgroup, there)->isLeftAlone()) << "it has gone again";
}

TEST_F(EnrolmentsTest, ListenersOfAnotherMeshInTheNamespaceAreFound) {
  const TestCgroup cgroup;
  const TestNamespace there;
  const auto listeners = there.inside([] {
    std::vector<Fd> both;
    both.push_back(listenAt("127.0.0.1", 15001).first);
    both.push_back(listenAt("127.0.0.1", 15006).first);
    return Result<std::vector<Fd>>(std::move(both));
  });
  const auto enrolled = enroll(1, cgroup, there);
  ASSERT_TRUE(enrolled.ok());
  EXPECT_TRUE(enrolled->isLeftAlone());
  EXPECT_EQ(enrolled->neighbours.at(0).code, code::kMeshRedirect);
}

TEST_F(EnrolmentsTest, ItIsToldWhenProgramsComeAndWhenTheyHaveGone) {
  const TestCgroup cgroup, moved;
  const TestNamespace there;
  std::vector<FileIdentity> came, gone;
  enrolments_.follow({[&](WorkloadId, int directory, const NetworkNamespace&) {
                        came.push_back(*FileIdentity::of(directory));
                      },
                      [&](WorkloadId, const Enrolments::Place& place) {
                        gone.push_back(*FileIdentity::of(place.cgroup.get()));
                        EXPECT_EQ(place.network_namespace.identity(), there.open().identity());
                      }});
  ASSERT_TRUE(enroll(1, cgroup, there).ok());
  ASSERT_TRUE(enroll(1, cgroup, there).ok());
  EXPECT_EQ(came, std::vector{identity(cgroup)});
  EXPECT_TRUE(gone.empty());
  ASSERT_TRUE(enroll(1, moved, there).ok());
  EXPECT_EQ(came.back(), identity(moved));
  EXPECT_EQ(gone, std::vector{identity(cgroup)});
  attachments_.others = {{code::kSidecar, "pilot-agent"}};
  ASSERT_TRUE(enroll(1, moved, there).ok());
  ASSERT_TRUE(enroll(1, moved, there).ok());
  EXPECT_EQ(gone.back(), identity(moved));
  EXPECT_EQ(gone.size(), 2u) << "once";
  attachments_.others.clear();
  ASSERT_TRUE(enroll(1, moved, there).ok());
  EXPECT_EQ(came.size(), 3u);
  ASSERT_TRUE(enrolments_.keepOnly({}).ok());
  EXPECT_EQ(gone.size(), 3u);
}

TEST_F(EnrolmentsTest, WhatAnEarlierProcessAttachedDoesNotCome) {
  const TestCgroup cgroup;
  const TestNamespace there;
  attachments_.cgroups[{1}] = identity(cgroup);
  int came = 0, gone = 0;
  enrolments_.follow({[&](WorkloadId, int, const NetworkNamespace&) { ++came; },
                      [&](WorkloadId, const Enrolments::Place&) { ++gone; }});
  attachments_.others = {{code::kSidecar, "pilot-agent"}};
  ASSERT_TRUE(enroll(1, cgroup, there).ok());
  EXPECT_EQ(gone, 1) << "but it may go";
  attachments_.cgroups[{1}] = identity(cgroup);
  attachments_.others.clear();
  ASSERT_TRUE(enroll(1, cgroup, there).ok());
  EXPECT_EQ(came, 0);
}

TEST_F(EnrolmentsTest, WhatAnEarlierProcessAttachedElsewhereComes) {
  const TestCgroup before, now;
  const TestNamespace there;
  attachments_.cgroups[{1}] = identity(before);
  std::vector<FileIdentity> came;
  enrolments_.follow({.attaching = [&](WorkloadId, int directory, const NetworkNamespace&) {
    came.push_back(*FileIdentity::of(directory));
  }});
  ASSERT_TRUE(enroll(1, now, there).ok());
  EXPECT_EQ(came, std::vector{identity(now)});
}

TEST_F(EnrolmentsTest, WhatAnEarlierProcessAttachedAndThisOneCannotHasGone) {
  const TestCgroup cgroup;
  const TestNamespace there;
  attachments_.cgroups[{1}] = identity(cgroup);
  attachments_.failure = Error(Error::Code::kSystem, "no");
  std::vector<FileIdentity> gone;
  enrolments_.follow({.detached = [&](WorkloadId, const Enrolments::Place& place) {
    gone.push_back(*FileIdentity::of(place.cgroup.get()));
  }});
  EXPECT_FALSE(enroll(1, cgroup, there).ok());
  EXPECT_EQ(gone, std::vector{identity(cgroup)});
}

TEST_F(EnrolmentsTest, NoneIsReleasedBeforeThePlaceIsThisOnes) {
  const TestCgroup cgroup;
  const TestNamespace there;
  attachments_.cgroups[{77}] = {};
  enrolments_.holdReleases();
  ASSERT_TRUE(enroll(1, cgroup, there).ok());
  ASSERT_TRUE(enrolments_.keepOnly({{1}}).ok());
  EXPECT_EQ(attachments_.attached().size(), 2u);
  ASSERT_TRUE(enrolments_.releaseHeld().ok());
  EXPECT_EQ(attachments_.attached(), std::vector<WorkloadId>{{1}});
  ASSERT_TRUE(enrolments_.keepOnly({}).ok());
  EXPECT_TRUE(attachments_.attached().empty());
}

TEST_F(EnrolmentsTest, FailedAttachmentLeavesNothing) {
  const TestCgroup cgroup;
  const TestNamespace there;
  attachments_.failure = Error(Error::Code::kSystem, "no");
  EXPECT_FALSE(enroll(1, cgroup, there).ok());
  EXPECT_EQ(enrolments_.namespaceOf({1}), nullptr);
}

TEST_F(EnrolmentsTest, KeepOnlyReleasesTheRestAndWhatAnEarlierBrokerAttached) {
  const TestCgroup a, b;
  const TestNamespace there;
  ASSERT_TRUE(enroll(1, a, there).ok());
  auto second = enroll(2, b, there);
  const uint16_t port = second->listener4_port;
  attachments_.cgroups[{77}] = {};
  second->listener4.reset();
  ASSERT_TRUE(enrolments_.keepOnly({{1}, {99}}).ok());
  EXPECT_EQ(attachments_.attached(), std::vector<WorkloadId>{{1}});
  EXPECT_EQ(enrolments_.namespaceOf({2}), nullptr);
  const auto reached = there.inside([&] { return connectTo("127.0.0.1", port); });
  EXPECT_EQ(reached.error().errnum(), ECONNREFUSED);
}

TEST_F(EnrolmentsTest, WorkloadThatCannotBeDetachedStaysAndIsReported) {
  const TestCgroup cgroup;
  const TestNamespace there;
  ASSERT_TRUE(enroll(1, cgroup, there).ok());
  attachments_.failure = Error(Error::Code::kSystem, "no");
  EXPECT_FALSE(enrolments_.keepOnly({}).ok());
  EXPECT_NE(enrolments_.namespaceOf({1}), nullptr);
  attachments_.failure.reset();
  EXPECT_TRUE(enrolments_.keepOnly({}).ok());
  EXPECT_EQ(enrolments_.namespaceOf({1}), nullptr);
}

TEST_F(EnrolmentsTest, InheritedListenersAreForTheSameNamespaceAlone) {
  const TestCgroup cgroup;
  const TestNamespace there, elsewhere;
  ASSERT_TRUE(enroll(1, cgroup, there).ok());
  const auto port = enroll(1, cgroup, there)->listener4_port;
  Enrolments next(cgroups_, visitor_, attachments_, 2);
  auto bequest = enrolments_.bequest();
  for (auto& [workload, listeners] : *bequest) next.inherit(workload, std::move(listeners));
  const auto other = next.enroll({{1}, cgroup.path(), elsewhere.path()});
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE(elsewhere.inside([&] { return connectTo("127.1.2.3", other->listener4_port); }).ok());
  enrolments_.closeListeners();
  EXPECT_FALSE(there.inside([&] { return connectTo("127.1.2.3", port); }).ok())
      << "nobody has them any more";
}

TEST_F(EnrolmentsTest, InheritedListenersOfWorkloadsThatNobodyKeepsAreClosed) {
  const TestCgroup cgroup;
  const TestNamespace there;
  const auto port = enroll(1, cgroup, there)->listener4_port;
  Enrolments next(cgroups_, visitor_, attachments_, 2);
  auto bequest = enrolments_.bequest();
  for (auto& [workload, listeners] : *bequest) next.inherit(workload, std::move(listeners));
  enrolments_.closeListeners();
  EXPECT_TRUE(there.inside([&] { return connectTo("127.1.2.3", port); }).ok());
  ASSERT_TRUE(next.keepOnly({{2}}).ok());
  EXPECT_FALSE(there.inside([&] { return connectTo("127.1.2.3", port); }).ok());
}

}  // namespace
}  // namespace sluice::broker
