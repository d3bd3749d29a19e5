// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/result.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Error, OfASystemCallNamesCallObjectAndReason) {
  const auto error = Error::system("open /etc/sluice/rules.yaml", EACCES, "make it readable");
  EXPECT_EQ(error.message(), "open /etc/sluice/rules.yaml: Permission denied");
  EXPECT_EQ(error.code(), Error::Code::kPermission);
  EXPECT_EQ(error.errnum(), EACCES);
  EXPECT_EQ(error.hint(), "make it readable");
}

TEST(Error, KeepsItsCauseWhenSeenFromAbove) {
  auto error = Error::system("openat", ENOENT, "check the path").in("enroll shop/web");
  EXPECT_EQ(error.message(), "enroll shop/web: openat: No such file or directory");
  EXPECT_EQ(error.code(), Error::Code::kNotFound);
  EXPECT_EQ(error.hint(), "check the path");
}

Result<int> half(int number) {
  if (number % 2 != 0) return Error(Error::Code::kInvalid, "odd");
  return number / 2;
}

Result<void> quarterOf(int number, int& quarter) {
  auto once = half(number);
  if (!once.ok()) return std::move(once).error();
  auto twice = half(*once);
  if (!twice.ok()) return std::move(twice).error();
  quarter = *twice;
  return {};
}

Result<void> tried(int number) {
  int quarter = 0;
  SLUICE_TRY(quarterOf(number, quarter));
  return {};
}

TEST(Result, CarriesAValueOrTheReasonWhyThereIsNone) {
  int quarter = 0;
  EXPECT_TRUE(quarterOf(8, quarter).ok());
  EXPECT_EQ(quarter, 2);
  EXPECT_EQ(tried(6).error().message(), "odd");
}

}  // namespace
}  // namespace sluice
