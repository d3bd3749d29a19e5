// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/normalize_path.h"

#include <gmock/gmock.h>

namespace sluice::routing {
namespace {

std::string normal(std::string_view target) {
  std::string storage;
  return std::string(normalizePath(target, storage));
}

TEST(NormalizePath, ResolvesDotSegments) {
  EXPECT_EQ(normal("/a/../one"), "/one");
  EXPECT_EQ(normal("/./one"), "/one");
  EXPECT_EQ(normal("/../../one"), "/one");
  EXPECT_EQ(normal("/a/b/.."), "/a/");
  EXPECT_EQ(normal("/a/."), "/a/");
  EXPECT_EQ(normal("/a//../b"), "/a/b");
  EXPECT_EQ(normal("/.."), "/");
  EXPECT_EQ(normal("/a/..."), "/a/...");
  EXPECT_EQ(normal("/.hidden"), "/.hidden");
}

TEST(NormalizePath, DecodesUnreservedCharactersAlone) {
  EXPECT_EQ(normal("/%6fne"), "/one");
  EXPECT_EQ(normal("/a/%2e%2E/one"), "/one");
  EXPECT_EQ(normal("/one%2f"), "/one%2f");
  EXPECT_EQ(normal("/a%2f..%2fone"), "/a%2f..%2fone");
  EXPECT_EQ(normal("/%zz%4"), "/%zz%4");
  EXPECT_EQ(normal("/a\\..\\one"), "/one");
}

TEST(NormalizePath, LeavesTheRestOfTheTargetAway) {
  EXPECT_EQ(normal("/one?x=/../y"), "/one");
  EXPECT_EQ(normal("/one#f"), "/one");
  EXPECT_EQ(normal("http://catalog/one"), "/one");
  EXPECT_EQ(normal("http://catalog"), "/");
  EXPECT_EQ(normal("http://catalog?x=/"), "/");
  EXPECT_EQ(normal("*"), "*");
}

TEST(NormalizePath, KeepsSlashesAndParameters) {
  EXPECT_EQ(normal("//one"), "//one");
  EXPECT_EQ(normal("/one;x=1"), "/one;x=1");
}

TEST(QueryOf, EndsAtTheFragment) {
  EXPECT_EQ(queryOf("/one?a=1&b#f"), "a=1&b");
  EXPECT_EQ(queryOf("/one#f?a=1"), "");
  EXPECT_EQ(queryOf("/one?"), "");
}

}  // namespace
}  // namespace sluice::routing
