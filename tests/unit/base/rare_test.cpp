// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/rare.h"

#include <gtest/gtest.h>

#include <string>

#include "userspace/base/shared.h"
#include "userspace/base/shared_text.h"

namespace sluice {
namespace {

TEST(Rare, IsAnOptionalOfAPointersSize) {
  Rare<std::string> value;
  EXPECT_FALSE(value.has_value());
  EXPECT_EQ(value, std::nullopt);
  value.emplace() = "a";
  EXPECT_EQ(*value, "a");
  EXPECT_EQ(value, Rare<std::string>(std::string("a")));
  value.reset();
  EXPECT_FALSE(value);
  EXPECT_EQ(sizeof(value), sizeof(std::shared_ptr<int>));
}

TEST(Rare, CopiesShareUntilOneIsChanged) {
  const Rare<std::string> first(std::string("a"));
  Rare<std::string> second = first;
  const auto& unchanged = second;
  EXPECT_EQ(&*unchanged, &*first);
  second->append("b");
  EXPECT_EQ(*first, "a");
  EXPECT_EQ(*second, "ab");
}

TEST(Shared, DefaultsAreOneObjectThatNobodyChanges) {
  Shared<std::string> changed;
  const Shared<std::string> other;
  EXPECT_EQ(&*changed, &*other);
  changed.edit() = "a";
  EXPECT_EQ(*other, "");
  EXPECT_EQ(*Shared<std::string>(), "");
}

TEST(SharedText, CopiesShareAndAreComparedByContent) {
  const SharedText first(std::string("rules.yaml"));
  const SharedText copy = first;
  EXPECT_EQ(&copy.text(), &first.text());
  EXPECT_EQ(first, SharedText("rules.yaml"));
  EXPECT_LT(first, SharedText("s"));
  EXPECT_TRUE(SharedText("").empty());
}

}  // namespace
}  // namespace sluice
