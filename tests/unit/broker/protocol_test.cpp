// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/protocol.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "userspace/model/codes.h"

namespace sluice::broker {
namespace {

Enrolment good() { return {{7}, "/pods/web", "/run/netns/web"}; }

TEST(Protocol, TargetsSurviveTheJourney) {
  const UpstreamTarget endpoint{{1}, {2}, {3}, {4}};
  UpstreamTarget origin{{1}, {2}, {}, {}};
  origin.origin = SocketAddress{*IpAddress::parse("198.51.100.7"), 80};
  for (const auto& target : {endpoint, origin}) {
    auto sent = message<Connect>(1);
    store(target, sent);
    EXPECT_EQ(load(sent), target);
  }
}

TEST(Protocol, MessageKeepsTypeAndNumber) {
  const auto sent = message<Connect>(42);
  const auto received = decode<Connect>(bytesOf(sent));
  ASSERT_TRUE(received.ok());
  EXPECT_EQ(received->header.request, 42u);
}

TEST(Protocol, AnotherTypeOrSizeIsRefused) {
  const auto sent = message<Connect>(1);
  EXPECT_FALSE(decode<Enroll>(bytesOf(sent)).ok());
  EXPECT_FALSE(decode<Connect>(bytesOf(sent).first(sizeof(Connect) - 1)).ok());
  EXPECT_FALSE(decode<Connect>(bytesOf(sent).first(3)).ok());
}

TEST(Protocol, EnrolmentTravelsWhole) {
  auto sent = message<Enroll>(1);
  store(good(), sent);
  const auto received = load(sent);
  ASSERT_TRUE(received.ok());
  EXPECT_EQ(received->workload, good().workload);
  EXPECT_EQ(received->cgroup, good().cgroup);
  EXPECT_EQ(received->network_namespace, good().network_namespace);
}

TEST(Protocol, NeighboursTravelWhole) {
  Neighbours neighbours;
  for (const char* code : {code::kCiliumSocketLb, code::kSidecar})
    addNeighbour(neighbours, code, std::string(1000, 'x'));
  for (int i = 0; i < 50; ++i) addNeighbour(neighbours, code::kSidecar, "another one");
  auto sent = message<EnrollReply>(1);
  store(neighbours, sent);
  EXPECT_EQ(*neighboursOf(sent), neighbours);
}

TEST(Protocol, MoreNeighboursUnknownOnesAndTextsWithoutAnEndAreRefused) {
  auto good_reply = message<EnrollReply>(1);
  store({{code::kSidecar, "who"}}, good_reply);
  auto more = good_reply, unknown = good_reply, node = good_reply, endless = good_reply;
  more.neighbour_count = kMaxNeighbours + 1;
  std::ranges::copy("SLU5999", unknown.neighbours[0].code);
  std::ranges::copy(std::string_view(code::kNoCgroup2), node.neighbours[0].code);
  std::ranges::fill(endless.neighbours[0].who, 'x');
  EXPECT_TRUE(neighboursOf(good_reply).ok());
  for (const auto& reply : {more, unknown, node, endless}) EXPECT_FALSE(neighboursOf(reply).ok());
}

TEST(Protocol, TextWithoutAnEndIsRefused) {
  auto sent = message<Enroll>(1);
  store(good(), sent);
  std::ranges::fill(sent.cgroup, 'a');
  EXPECT_FALSE(load(sent).ok());
}

TEST(Protocol, ParentStepsAreRefusedButNotNamesWithDots) {
  for (const char* path : {"..", "/a/../b", "../a", "/a/.."}) {
    auto enrolment = good();
    enrolment.cgroup = path;
    EXPECT_FALSE(check(enrolment).ok()) << path;
  }
  auto enrolment = good();
  enrolment.cgroup = "/pod..1/a..b";
  EXPECT_TRUE(check(enrolment).ok());
}

TEST(Protocol, RootCgroupRelativeNamespaceLongPathAndNoIdAreRefused) {
  auto root = good(), relative = good(), longest = good(), nobody = good(), cut = good();
  root.cgroup = "//";
  relative.network_namespace = "run/netns/web";
  longest.cgroup = std::string(kMaxPath, 'a');
  nobody.workload = {};
  cut.cgroup = std::string("/a\0b", 4);
  for (const auto& enrolment : {root, relative, longest, nobody, cut}) {
    EXPECT_FALSE(check(enrolment).ok());
  }
}

TEST(Protocol, ErrorTravelsWithCodeErrnoAndTexts) {
  Status status;
  store(Error::system("connect to 10.0.0.1:80", ENETUNREACH, "look at the routes"), status);
  const auto result = load(status);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), Error::Code::kSystem);
  EXPECT_EQ(result.error().errnum(), ENETUNREACH);
  EXPECT_EQ(result.error().message(), "connect to 10.0.0.1:80: Network is unreachable");
  EXPECT_EQ(result.error().hint(), "look at the routes");
}

TEST(Protocol, LongErrorIsCutAndUnknownCodeIsInvalid) {
  Status status;
  store(Error(Error::Code::kExhausted, std::string(1000, 'x')), status);
  EXPECT_EQ(load(status).error().message(), std::string(sizeof(status.message) - 1, 'x'));
  status.failure = 99;
  EXPECT_EQ(load(status).error().code(), Error::Code::kInvalid);
}

}  // namespace
}  // namespace sluice::broker
