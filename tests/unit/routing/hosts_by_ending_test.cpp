// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/hosts_by_ending.h"

#include <gmock/gmock.h>

#include <vector>

namespace sluice::routing {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> below(const HostsByEnding& hosts, const std::string& wildcard) {
  std::vector<std::string> found;
  hosts.forEachBelow(wildcard, [&](const std::string& host) { found.push_back(host); });
  return found;
}

std::vector<std::string> above(const std::string& host) {
  std::vector<std::string> found;
  forEachWildcardAbove(host, [&](const std::string& wildcard) { found.push_back(wildcard); });
  return found;
}

HostsByEnding hosts() {
  HostsByEnding made;
  for (const char* host : {"a.foo.com", "b.foo.com", "*.foo.com", "foo.com", "xfoo.com", "a.bar"})
    made.insert(host);
  return made;
}

TEST(HostsByEnding, FindsWhatAWildcardCovers) {
  EXPECT_THAT(below(hosts(), "*.foo.com"),
              UnorderedElementsAre("a.foo.com", "b.foo.com", "*.foo.com"));
  EXPECT_THAT(below(hosts(), "*.bar"), ElementsAre("a.bar"));
  EXPECT_THAT(below(hosts(), "*.com.foo"), IsEmpty());
  EXPECT_EQ(below(hosts(), "*").size(), 6U);
}

/// The star stands for at least one character.
TEST(HostsByEnding, AWildcardDoesNotCoverItsOwnEnding) {
  EXPECT_THAT(below(hosts(), "*foo.com"),
              UnorderedElementsAre("a.foo.com", "b.foo.com", "*.foo.com", "xfoo.com"));
}

TEST(HostsByEnding, ForgetsWhatIsErased) {
  auto made = hosts();
  made.erase("a.foo.com");
  EXPECT_THAT(below(made, "*.foo.com"), UnorderedElementsAre("b.foo.com", "*.foo.com"));
}

TEST(HostsByEnding, StopsWhereTheTestHolds) {
  int asked = 0;
  EXPECT_TRUE(hosts().anyBelow("*", [&](const std::string&) { return ++asked == 2; }));
  EXPECT_EQ(asked, 2);
}

TEST(WildcardsAbove, AreAllThatCoverTheHostTheLongestFirst) {
  EXPECT_THAT(above("a.b"), ElementsAre("*.b", "*b", "*"));
  EXPECT_THAT(above("*.b"), ElementsAre("*.b", "*b", "*"));
}

}  // namespace
}  // namespace sluice::routing
