// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/shared_vector.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using Names = SharedVector<std::string>;

TEST(SharedVector, IsAVector) {
  Names names;
  EXPECT_TRUE(names.empty());
  EXPECT_EQ(names.begin(), names.end());
  names.push_back("a");
  names.push_back("b");
  EXPECT_EQ(names, (Names{"a", "b"}));
  EXPECT_NE(names, (Names{"a", "c"}));
  EXPECT_NE(names, (Names{"a"}));
  EXPECT_EQ(names[1], "b");
  EXPECT_EQ(names.size(), 2u);
  names.clear();
  EXPECT_EQ(names, Names());
}

TEST(SharedVector, CopiesShareUntilOneIsChanged) {
  const Names first{"a"};
  Names second = first;
  EXPECT_TRUE(second.sharesWith(first));
  EXPECT_EQ(&second.front(), &first.front());
  second.push_back("b");
  EXPECT_FALSE(second.sharesWith(first));
  EXPECT_EQ(first, Names{"a"});
  EXPECT_EQ(second, (Names{"a", "b"}));
}

TEST(SharedVector, OneThatNobodySharesIsChangedInItsPlace) {
  Names names{"a"};
  const auto* place = &names.front();
  names.edit().front() = "b";
  EXPECT_EQ(&names.front(), place);
}

}  // namespace
}  // namespace sluice
