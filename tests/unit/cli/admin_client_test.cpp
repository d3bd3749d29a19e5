// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/admin_client.h"

#include "tests/unit/cli/fake_agent.h"

namespace sluice::cli {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAnswer = "{\"apiVersion\":\"sluice.io/v1\",\"agent\":\"second\"}\n";

class AdminClient : public test::FakeAgent {};

TEST_F(AdminClient, AsksThePatientsQuestionOfTheSuccessor) {
  answer({"", kAnswer});
  const auto answered = askPatiently(path(), {{"command", "status"}}, 10s);
  ASSERT_TRUE(answered.ok()) << answered.error().message();
  EXPECT_EQ(answered->value("agent", ""), "second");
}

TEST_F(AdminClient, SaysThatAnAgentThatIsReplacedIsUnavailable) {
  answer({"", kAnswer});
  const auto answered = ask(path(), {{"command", "status"}}, 10s);
  ASSERT_FALSE(answered.ok());
  EXPECT_EQ(answered.error().code(), Error::Code::kUnavailable);
}

constexpr const char* kThree =
    "{\"apiVersion\":\"sluice.io/v1\",\"n\":1}\n{\"apiVersion\":\"sluice.io/v1\",\"n\":2}\n"
    "{\"apiVersion\":\"sluice.io/v1\",\"n\":3}\n";

TEST_F(AdminClient, FollowsUntilItHasHeardEnough) {
  answer({kThree});
  std::vector<int> heard;
  const auto followed = follow(path(), {{"command", "observe"}}, 10s, [&](const auto& one) {
    heard.push_back(one.value("n", 0));
    return heard.size() < 2;
  });
  EXPECT_TRUE(followed.ok());
  EXPECT_EQ(heard, (std::vector{1, 2}));
}

TEST_F(AdminClient, FollowsUntilTheAgentEnds) {
  answer({kThree});
  int heard = 0;
  const auto followed =
      follow(path(), {{"command", "observe"}}, 10s, [&](const auto&) { return ++heard > 0; });
  ASSERT_FALSE(followed.ok());
  EXPECT_EQ(followed.error().code(), Error::Code::kUnavailable);
  EXPECT_EQ(heard, 3);
}

}  // namespace
}  // namespace sluice::cli
