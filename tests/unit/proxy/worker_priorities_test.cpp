// SPDX-License-Identifier: Apache-2.0
// Requests that go out again, and where the servers have priorities.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

const std::string kUnavailable = "HTTP/1.1 503 x\r\nContent-Length: 2\r\n\r\nno";

class Priorities : public WorkerTest {};

TEST_F(Priorities, RetriesGoToOthersWhereTheRuleSaysSo) {
  Server& near = serve([](std::string_view) { return kUnavailable; });
  Server& far = serve([](std::string_view) { return kOk; });
  TestRule rule;
  rule.destinations = {{1, {1, 2}}};
  rule.priorities = {0, 1};
  rule.retries.emplace();
  rule.retries->attempts = 2;
  rule.retries->retry_on = "5xx";
  configure({rule});
  EXPECT_EQ(answerInTime(connect(), kGet, "no"), kUnavailable);
  EXPECT_EQ(far.requests(), 0u);
  rule.retries->retry_remote_localities = true;
  configure({rule});
  EXPECT_EQ(answerInTime(connect(), kGet), kOk);
  EXPECT_EQ(near.requests(), 3u + 2u) << "two tries come before another priority";
}

}  // namespace
}  // namespace sluice::proxy::test
