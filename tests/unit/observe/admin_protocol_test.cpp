// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/admin_protocol.h"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

TEST(AdminProtocol, ErrorsArriveAsTheyWereSent) {
  const Error error(Error::Code::kNotFound, "no workload shop/web", "sluicectl get workloads");
  const auto answer = readAnswer(toText(errorAnswer(error)));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), Error::Code::kNotFound);
  EXPECT_EQ(answer.error().message(), "no workload shop/web");
  EXPECT_EQ(answer.error().hint(), "sluicectl get workloads");
}

TEST(AdminProtocol, AnswersOfAnotherVersionAreRefused) {
  EXPECT_FALSE(readAnswer(R"({"apiVersion":"sluice.io/v9","kind":"Status"})").ok());
  EXPECT_FALSE(readAnswer("[]").ok());
  EXPECT_TRUE(readAnswer(toText(envelope("Services", Json::array()))).ok());
}

}  // namespace
}  // namespace sluice::observe
