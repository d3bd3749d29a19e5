// SPDX-License-Identifier: Apache-2.0
// Delay and abort faults.
#include <fmt/format.h>

#include <thread>

#include "tests/e2e/shop.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

struct Outcome {
  int status = 0;
  Duration took{};
};

HttpRequest by(const std::string& user) {
  HttpRequest request;
  request.host = "ratings";
  request.headers = {{"end-user", user}};
  return request;
}

/// `count` requests at the same time, each on a connection of its own.
Result<std::vector<Outcome>> atOnce(const std::string& user, size_t count) {
  auto open = connections(ratings(), count);
  if (!open) return std::move(open).error();
  std::vector<Outcome> outcomes(count);
  std::vector<std::thread> clients;
  for (size_t i = 0; i < count; ++i)
    clients.emplace_back([&, i] {
      if (auto response = (*open)[i].exchange(by(user)); response.ok())
        outcomes[i] = {response->status, response->took};
    });
  for (auto& client : clients) client.join();
  return outcomes;
}

/// Tally of `user`'s outcomes by what `kind` calls them.
template <typename Kind>
Result<std::string> tallyAtOnce(const std::string& user, size_t count, const Kind& kind) {
  auto outcomes = atOnce(user, count);
  if (!outcomes) return std::move(outcomes).error();
  Tally tally;
  for (const auto& outcome : *outcomes) ++tally[kind(outcome)];
  return text(tally);
}

std::string waited(const Outcome& outcome) {
  if (outcome.status != 200) return fmt::format("status-{}", outcome.status);
  if (outcome.took >= 5s && outcome.took < 8s) return "delayed";
  return outcome.took < 2s ? "prompt" : "neither";
}

std::string status(const Outcome& outcome) { return std::to_string(outcome.status); }

class Fault : public ShopTest {};

TEST_F(Fault, HalfOfJasonsRequestsWaitFiveSecondsAndNobodyElses) {
  const auto applied = apply("ratings-delay.yaml");
  ASSERT_TRUE(applied.ok()) << applied.error().message();
  const auto jason = asWeb([] { return tallyAtOnce("jason", 200, waited); });
  ASSERT_TRUE(jason.ok()) << jason.error().message();
  expectShares(tallyOf(*jason), {{"delayed", 50}, {"prompt", 50}});

  const auto others = asWeb([] { return tallyAtOnce("mary", 100, waited); });
  ASSERT_TRUE(others.ok()) << others.error().message();
  EXPECT_EQ(tallyOf(*others), (Tally{{"prompt", 100}}));
}

TEST_F(Fault, HalfOfJasonsRequestsAreAbortedAndNobodyElses) {
  const auto applied = apply("ratings-abort.yaml");
  ASSERT_TRUE(applied.ok()) << applied.error().message();
  const auto jason = asWeb([] { return tallyAtOnce("jason", 200, status); });
  ASSERT_TRUE(jason.ok()) << jason.error().message();
  expectShares(tallyOf(*jason), {{"200", 50}, {"503", 50}});

  const auto others = asWeb([] { return tallyAtOnce("mary", 100, status); });
  ASSERT_TRUE(others.ok()) << others.error().message();
  EXPECT_EQ(tallyOf(*others), (Tally{{"200", 100}}));
}

}  // namespace
}  // namespace sluice::test
