// SPDX-License-Identifier: Apache-2.0
// What goes on when the agent dies, when both processes die, and when they come back.
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/e2e/draws.h"
#include "tests/e2e/footprint.h"
#include "tests/e2e/gate.h"
#include "tests/e2e/shop.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kFailOpen =
    "apiVersion: sluice.io/v1\nkind: Agent\nmetadata: {name: node}\nspec: {failPolicy: open}\n";

Result<void> echoOnce(const Fd& socket, const std::string& word) {
  if (::send(socket.get(), word.data(), word.size(), MSG_NOSIGNAL) < 0)
    return Error::system("send");
  std::string answer(word.size(), '\0');
  if (::recv(socket.get(), answer.data(), answer.size(), MSG_WAITALL) < 0)
    return Error::system("recv");
  return answer == word ? Result<void>() : mismatch("echo answered " + answer);
}

class Survival : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
  }

  /// Runs `client` as web, and `meanwhile` here when it has opened `reached`.
  void together(const std::function<Result<void>()>& client,
                const std::function<void()>& meanwhile) {
    auto web = startAsWeb(client);
    reached_.wait();
    meanwhile();
    go_.open();
    expectEnd(web);
  }

  void killBothNow() {
    const auto killed = sluiced().killBoth();
    ASSERT_TRUE(killed.ok()) << killed.error().message();
  }

  /// The agent dies and stays dead until the broker is allowed to go on.
  pid_t killAgentAndHoldTheBroker() {
    const auto status = sluiced().status();
    const auto broker = status.ok() ? status->value("brokerPid", 0) : 0;
    EXPECT_GT(broker, 0);
    const pid_t agent = status.ok() ? status->value("agentPid", 0) : 0;
    EXPECT_EQ(::kill(broker, SIGSTOP), 0);
    EXPECT_EQ(::kill(agent, SIGKILL), 0);
    return broker;
  }

  Gate reached_, go_;
};

TEST_F(Survival, TheConnectPathDoesNotNoticeThatTheAgentIsGone) {
  ASSERT_TRUE(apply("product-api-canary-90-10-connection.yaml").ok());
  auto web = shop().lab().startInside("web", [&]() -> Result<std::string> {
    auto echo = connectTcp(productApiEcho());
    auto http = connections(productApi(), 1);
    if (!echo || !http) return mismatch("cannot connect");
    SLUICE_TRY(echoOnce(*echo, "before"));
    if (auto first = http->front().exchange({}); !first) return std::move(first).error();
    reached_.open();
    go_.wait();
    SLUICE_TRY(echoOnce(*echo, "after"));
    if (auto next = http->front().exchange({}); !next) return std::move(next).error();
    auto tally = drawConnections(productApi(), 1000);
    if (!tally) return std::move(tally).error();
    return text(*tally);
  });
  ASSERT_TRUE(web.ok()) << web.error().message();
  reached_.wait();
  const pid_t broker = killAgentAndHoldTheBroker();
  go_.open();
  const auto drawn = web->wait();
  ASSERT_TRUE(drawn.ok()) << drawn.error().message();
  expectShares(tallyOf(*drawn), {{"v1", 90}, {"v2", 10}});
  EXPECT_EQ(::kill(broker, SIGCONT), 0);
  EXPECT_TRUE(sluiced().waitReady().ok());
}

TEST_F(Survival, ConnectionsThatNeedTheAgentWaitForItsSuccessor) {
  ASSERT_TRUE(apply("product-api-header.yaml").ok());
  const pid_t broker = killAgentAndHoldTheBroker();
  together(
      [this]() -> Result<void> {
        auto socket = connectTcp(productApi());
        if (!socket) return std::move(socket).error();
        const std::string request =
            "GET / HTTP/1.1\r\nHost: product-api\r\nuser-group: beta\r\n\r\n";
        if (::send(socket->get(), request.data(), request.size(), 0) < 0)
          return Error::system("send");
        pollfd readable{socket->get(), POLLIN, 0};
        if (::poll(&readable, 1, 200) != 0) return mismatch("answered, or closed, by nobody");
        reached_.open();
        go_.wait();
        HttpStream stream(*std::move(socket));
        auto head = stream.readHead();
        if (!head) return std::move(head).error();
        if (!*head || versionOf(std::string((*head)->header("x-served-by"))) != "v2")
          return mismatch("the successor did not serve the waiting request");
        return {};
      },
      [broker] { EXPECT_EQ(::kill(broker, SIGCONT), 0); });
}

TEST_F(Survival, WithoutBothTheConnectPathGoesOnAndTheRestIsRefusedAtOnce) {
  ASSERT_TRUE(apply("product-api-canary-90-10-connection.yaml").ok());
  ASSERT_TRUE(apply("ratings-delay.yaml").ok());
  together(
      [this]() -> Result<void> {
        auto echo = connectTcp(productApiEcho());
        if (!echo) return std::move(echo).error();
        SLUICE_TRY(echoOnce(*echo, "before"));
        reached_.open();
        go_.wait();
        return echoOnce(*echo, "after");
      },
      [this] { killBothNow(); });
  const auto drawn = asWeb([]() -> Result<std::string> {
    const auto before = std::chrono::steady_clock::now();
    const auto refused = connectTcp(ratings());
    if (refused.ok() || refused.error().errnum() != ECONNREFUSED)
      return mismatch("ratings was not refused");
    if (std::chrono::steady_clock::now() - before > 1s) return mismatch("refused, but not at once");
    auto tally = drawConnections(productApi(), 1000);
    if (!tally) return std::move(tally).error();
    return text(*tally);
  });
  ASSERT_TRUE(drawn.ok()) << drawn.error().message();
  expectShares(tallyOf(*drawn), {{"v1", 90}, {"v2", 10}});
}

TEST_F(Survival, WithoutBothAnOpenFailPolicyConnectsToThePlainService) {
  ASSERT_TRUE(applyText("agent.yaml", kFailOpen).ok());
  ASSERT_TRUE(apply("product-api-header.yaml").ok());
  killBothNow();
  const auto drawn = asWeb([]() -> Result<std::string> {
    auto tally = drawConnections(productApi(), 300);
    if (!tally) return std::move(tally).error();
    return text(*tally);
  });
  ASSERT_TRUE(drawn.ok()) << drawn.error().message();
  EXPECT_GT(tallyOf(*drawn)["v1"], 0u);
  EXPECT_GT(tallyOf(*drawn)["v2"], 0u);
}

class Impatient : public Survival {
 protected:
  Arguments moreArguments() const override { return {"--patience", "2"}; }
};

TEST_F(Impatient, AnAgentThatHangsIsReplaced) {
  ASSERT_TRUE(apply("product-api-header.yaml").ok());
  const auto agent = sluiced().agentPid();
  ASSERT_TRUE(agent.ok());
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, *agent, 0)));
  ASSERT_EQ(::kill(*agent, SIGSTOP), 0);
  pollfd ended{process.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ended, 1, 20'000), 1) << "the agent that hangs is still there";
  ASSERT_TRUE(sluiced().waitReady().ok());
  expectAsWeb([]() -> Result<void> {
    auto http = connections(productApi(), 1);
    if (!http) return std::move(http).error();
    HttpRequest request;
    request.headers = {{"user-group", "beta"}};
    auto answer = http->front().exchange(request);
    if (!answer) return std::move(answer).error();
    if (versionOf(answer->servedBy()) != "v2") return mismatch("served by " + answer->servedBy());
    return {};
  });
}

TEST_F(Survival, ARestartLeavesNothingTwiceAndCountsOn) {
  ASSERT_TRUE(apply("product-api-canary-90-10-connection.yaml").ok());
  const auto draw = [this] {
    return asWeb([]() -> Result<std::string> {
      auto tally = drawConnections(productApi(), 50);
      if (!tally) return std::move(tally).error();
      return text(*tally);
    });
  };
  ASSERT_TRUE(draw().ok());
  EXPECT_EQ(*counted("steered"), 50u);
  const Footprint before = Footprint::of(shop().lab());
  for (int restart = 0; restart < 2; ++restart) {
    killBothNow();
    ASSERT_TRUE(draw().ok());
    const auto started = sluiced().startAgain();
    ASSERT_TRUE(started.ok()) << started.error().message();
  }
  EXPECT_EQ(Footprint::of(shop().lab()), before);
  EXPECT_EQ(*counted("steered"), 150u);
  const auto after = ask({"stat"});
  ASSERT_TRUE(after.ok()) << after.error().message();
  EXPECT_NE(after->dump().find("product-api"), std::string::npos);
}

}  // namespace
}  // namespace sluice::test
