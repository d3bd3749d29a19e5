// SPDX-License-Identifier: Apache-2.0
// What sluicectl shows of the kernel's side: connections as they come and go, and its maps.
#include <csignal>
#include <nlohmann/json.hpp>

#include "maps/abi/limits.h"
#include "tests/e2e/shop.h"
#include "tests/support/process.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

/// Enough for a slow machine, never reached by one that works.
constexpr Duration kPatience = 30s;

class Observe : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
    ASSERT_TRUE(apply("product-api-header.yaml").ok());
  }

  /// Returns when the programs tell.
  std::optional<Process> observing(const Arguments& more = {}) {
    Arguments command{
        programPath("sluicectl"), "--socket", shop().lab().adminSocket(), "observe", "-o", "json"};
    command.insert(command.end(), more.begin(), more.end());
    auto process = spawn(nullptr, command, Output::kPipe);
    EXPECT_TRUE(process.ok());
    if (!process) return std::nullopt;
    EXPECT_EQ(next(*process).value("kind", ""), "Observation");
    return *std::move(process);
  }

  static Json next(Process& observer) {
    const auto line = observer.readLine(kPatience);
    EXPECT_TRUE(line.ok()) << line.error().message();
    return line.ok() ? Json::parse(*line) : Json::object();
  }

  /// A connection of web that ends at once.
  void connectAsWeb(const SocketAddress& to) {
    expectAsWeb([&]() -> Result<void> {
      auto connected = connectTcp(to);
      return connected ? Result<void>() : std::move(connected).error();
    });
  }

  /// What the programs read in `control`.
  std::string control() {
    const auto pin = shop().lab().bpffs() / "sluice" / std::to_string(SLUICE_SCHEMA) / "control";
    return run(nullptr, {"bpftool", "map", "dump", "pinned", pin})->out;
  }
};

TEST_F(Observe, FollowsAConnectionAndEndsWhenItHasSeenEnough) {
  auto observer = observing({"--limit", "3"});
  ASSERT_TRUE(observer);
  connectAsWeb(productApiEcho());
  for (const char* kind : {"connect", "established", "closed"}) {
    const auto event = next(*observer);
    EXPECT_EQ(event.value("event", ""), kind) << event;
    EXPECT_EQ(event.value("workload", ""), "default/web") << event;
    EXPECT_EQ(event.value("destination", ""), productApiEcho().text()) << event;
    EXPECT_EQ(event.value("reason", ""), "steered") << event;
    EXPECT_TRUE(event.value("service", "").starts_with("product-api.default.")) << event;
    EXPECT_TRUE(event.value("endpoint", "").ends_with(":9090")) << event;
  }
  const auto status = observer->wait(kPatience);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(*status, 0);
}

TEST_F(Observe, EndsWhenItCannotPrint) {
  auto observer =
      spawn(nullptr, {"sh", "-c", "exec \"$@\" > /dev/full", "sh", programPath("sluicectl"),
                      "--socket", shop().lab().adminSocket(), "observe"});
  ASSERT_TRUE(observer.ok());
  while (observer->running() && !HasFailure()) connectAsWeb(productApiEcho());
  const auto status = observer->wait(kPatience);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(*status, 1);
}

TEST_F(Observe, EachObserverSeesWhatItHasAskedFor) {
  auto proxied = observing({"--reason", "to_proxy", "--service", "product-api"});
  auto others = observing({"--service", "ratings"});
  ASSERT_TRUE(proxied && others);
  connectAsWeb(productApiEcho());
  connectAsWeb(productApi());
  EXPECT_EQ(next(*proxied).value("destination", ""), productApi().text());
  connectAsWeb(ratings());
  EXPECT_EQ(next(*others).value("destination", ""), ratings().text());
}

TEST_F(Observe, NothingIsToldWhenNobodyListensAnyMore) {
  EXPECT_NE(control().find("\"sample\": 0,"), std::string::npos) << control();
  {
    auto seldom = observing({"--sample", "1000"});
    auto often = observing({"--sample", "10"});
    ASSERT_TRUE(seldom && often);
    EXPECT_NE(control().find("\"sample\": 10,"), std::string::npos) << control();
    ASSERT_TRUE(often->signal(SIGTERM).ok());
    EXPECT_TRUE(inTime([&] { return control(); }, "\"sample\": 1000,"));
  }
  EXPECT_TRUE(inTime([&] { return control(); }, "\"sample\": 0,"));
}

TEST_F(Observe, WhoReadsNothingIsNoObserverAnyMoreAndIsToldSo) {
  auto observer = observing();
  ASSERT_TRUE(observer);
  ASSERT_TRUE(observer->signal(SIGSTOP).ok());
  expectAsWeb([&]() -> Result<void> {
    for (int i = 0; i < 1000; ++i)  // more than its socket has room for
      if (auto connected = connectTcp(productApiEcho()); !connected)
        return std::move(connected).error();
    return {};
  });
  EXPECT_TRUE(inTime([&] { return control(); }, "\"sample\": 0,"));
  ASSERT_TRUE(observer->signal(SIGCONT).ok());
  int events = 0;
  while (observer->readLine(kPatience).ok()) ++events;
  EXPECT_GT(events, 100) << "what was sent before is read";
  const auto status = observer->wait(kPatience);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(*status, 69);
}

TEST_F(Observe, AnAgentThatIsKilledLeavesNobodyTelling) {
  auto observer = observing();
  ASSERT_TRUE(observer);
  ASSERT_TRUE(sluiced().killAgent().ok());
  const auto status = observer->wait(kPatience);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(*status, 69);
  ASSERT_TRUE(sluiced().waitReady().ok());
  EXPECT_NE(control().find("\"sample\": 0,"), std::string::npos) << control();
}

class Maps : public ShopTest {
 protected:
  Arguments moreArguments() const override {
    return {"--max-services", "3", "--max-endpoints", "1000"};
  }

  Json map(const std::string& name) {
    const auto maps = ask({"bpf", "maps"});
    EXPECT_TRUE(maps.ok()) << maps.error().message();
    if (maps)
      for (const auto& item : maps->at("items"))
        if (item.at("name") == name) return item;
    ADD_FAILURE() << "there is no map " << name;
    return Json::object();
  }
};

TEST_F(Maps, AreShownAndExportedWithWhatTheyHold) {
  const auto endpoints = map("endpoints");
  EXPECT_EQ(endpoints.value("capacity", 0), 1001);
  EXPECT_GT(endpoints.value("entries", 0), 0);
  EXPECT_LT(endpoints.value("pressure", 100.0), 10.0);
  EXPECT_GT(endpoints.value("bytes", 0), 1001 * 24) << "from inside the sandbox";
  const auto exported = sample("sluice_map_entries{map=\"endpoints\"}");
  ASSERT_TRUE(exported.ok()) << exported.error().message();
  EXPECT_EQ(*exported, endpoints.value("entries", 0U));
  EXPECT_EQ(*sample("sluice_map_capacity{map=\"services\"}"), 3U);
}

TEST_F(Maps, OfTheRunningAgentAreWhatItsConfigurationIsAnalyzedBy) {
  const auto analysis = sluiced().ctl({"analyze"});
  ASSERT_TRUE(analysis.ok());
  EXPECT_NE(analysis->out.find("services of at most 3"), std::string::npos) << analysis->out;
}

TEST_F(Maps, ThatAreFullAreSaidToBeWithTheServicesThatFindNoRoom) {
  const auto status = sluiced().status();
  ASSERT_TRUE(status.ok());
  const auto refused = status->at("refusedServices").dump();
  EXPECT_NE(refused.find("the table is full"), std::string::npos) << refused;
}

}  // namespace
}  // namespace sluice::test
