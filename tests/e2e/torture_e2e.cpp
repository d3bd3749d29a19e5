// SPDX-License-Identifier: Apache-2.0
// Everything at once, at random: connections of all kinds, while rules change, pods terminate, end
// and come back, agent and broker are killed, and sluiced is replaced: stopped and started, or by
// one that takes over, of this version or of one with other tables. Every byte of every answer is
// checked, and that the answer may come from where it came (tests/e2e/torture/world.h).
//
// SLUICE_TORTURE_SECONDS: how long, SLUICE_TORTURE_SEED: which one; what fails prints its seed. The
// same seed makes the same steps, though not at the same moments. SLUICE_OTHER_SLUICED: the program
// of the other version.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/e2e/footprint.h"
#include "tests/e2e/shop.h"
#include "tests/e2e/torture/client.h"
#include "tests/e2e/torture/stranger.h"
#include "tests/support/files.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;
using namespace torture;

constexpr int kClients = 6;
/// So many that have given their place away may still have connections.
constexpr size_t kMostRetired = 3;

uint64_t given(const char* name, uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

/// Local ports come back soon, and every listener of the namespace would take fast open.
Result<void> prepareNetwork() {
  for (const auto& [name, value] :
       {std::pair("ip_local_port_range", "1024 65000"), std::pair("tcp_tw_reuse", "1"),
        std::pair("tcp_fastopen", "1543")})
    SLUICE_TRY(writeFile(fmt::format("/proc/sys/net/ipv4/{}", name), value));
  return {};
}

/// Runs clients until `timeline` says stop; what they have done, or what must not be.
Result<std::string> runClients(Timeline& timeline, uint64_t seed) {
  std::vector<Client> clients;
  for (int i = 0; i < kClients; ++i)
    clients.emplace_back(timeline, seed + 1 + static_cast<uint64_t>(i));
  std::vector<Result<void>> outcomes(kClients);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < clients.size(); ++i)
    threads.emplace_back([&, i] {
      outcomes[i] = clients[i].run();
      if (!outcomes[i].ok()) timeline.failed = true;
    });
  for (auto& thread : threads) thread.join();
  std::string errors;
  for (size_t i = 0; i < clients.size(); ++i)
    if (!outcomes[i].ok())
      errors += fmt::format("client {}: {}\n", i, outcomes[i].error().message());
  if (!errors.empty()) return mismatch(errors);
  torture::Tally all;
  for (const auto& client : clients)
    for (const auto& [what, count] : client.tally()) all[what] += count;
  std::string text;
  for (const auto& [what, count] : all) text += fmt::format("{}={};", what, count);
  return text;
}

class Torture : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    expectAsWeb(prepareNetwork);
    ASSERT_NO_FATAL_FAILURE(startServers());
    // The pods of the shop are those of the mill, which end.
    const std::string all = registryYaml(shop().lab());
    ASSERT_TRUE(applyText("registry.yaml", all.substr(all.find("apiVersion: sluice.io/v1"))).ok());
    writeAll(true);
    // Its listeners are opened where fast open is on.
    ASSERT_TRUE(sluiced().stop().ok());
    ASSERT_NO_FATAL_FAILURE(startSluiced());
    ASSERT_NO_FATAL_FAILURE(learnProcesses());
    timeline_->change(world_);
    timeline_->changed();
  }

  void startServers() {
    for (size_t i = 0; i < kServers; ++i) {
      const std::string host = serverName(i);
      auto server = shop().lab().spawn(
          host,
          {programPath("who-server"), "--name", host, "--port", std::to_string(kHttpPort),
           "--echo-port", std::to_string(kEchoPort), "--greet"},
          Output::kPipe);
      ASSERT_TRUE(server.ok()) << server.error().message();
      ASSERT_TRUE(server->readLine(20s).ok());
      servers_.push_back(*std::move(server));
    }
  }

  /// Only files that change are written.
  void writeAll(bool first = false) {
    const auto write = [&](const char* name, const std::string& text, std::string& known) {
      if (!first && text == known) return;
      known = text;
      const auto written = shop().applyText(name, text);
      ASSERT_TRUE(written.ok()) << written.error().message();
    };
    write("mill.yaml", registryOf(world_, shop().lab()), registry_);
    write("mill-policy.yaml", policyOf(world_), policy_);
    write("mill-rules.yaml", rulesOf(world_), rules_);
  }

  void startSluiced() {
    const auto started = sluiced().startAgain();
    ASSERT_TRUE(started.ok()) << started.error().message();
  }

  void learnProcesses() {
    const auto agent = sluiced().agentPid();
    ASSERT_TRUE(agent.ok()) << agent.error().message();
    agent_ = *agent;
  }

  void step() {
    const uint64_t draw = random_.draw() % 100;
    if (draw < 85) {
      change();
    } else if (draw < 89) {
      killAgent(random_.draw() % 2 == 0);
    } else if (draw < 91) {
      killSluiced();
    } else if (draw < 93) {
      stopAndStart();
    } else if (draw < 95) {
      killSuccessor();
    } else {
      takeOver();
    }
    // Not to wait for something: so that clients see a configuration for a while.
    std::this_thread::sleep_for(std::chrono::milliseconds(random_.draw() % 200));
  }

  /// `forgets`: those who come to know it have never seen rules of before.
  void beginChange(bool forgets = false) {
    world_ = world_.next(random_);
    world_.forgotten = world_.forgotten || (forgets && world_.broken);
    timeline_->change(world_);
    writeAll();
  }

  void change() {
    const Answers gone = world_.gone;
    beginChange();
    const auto applied = waitInForce();
    ASSERT_TRUE(applied.ok()) << applied.error().message();
    timeline_->changed();
    expectNoneIsOpenTo(static_cast<Answers>(world_.gone & ~gone));
  }

  /// Those that were opened under this version's tables, that is.
  void expectNoneIsOpenTo(Answers servers) {
    for (size_t i = 0; i < kServers; ++i) {
      if ((servers >> i & 1) == 0) continue;
      const auto& host = shop().lab().host(serverName(i));
      const auto open = [&] { return openTo({host.address4.text(), host.address6.text()}); };
      EXPECT_TRUE(inTime(open, "none")) << "a pod is gone; " << open();
    }
  }

  /// A connection of the connect path to one of these addresses; "none".
  std::string openTo(const std::vector<std::string>& addresses) {
    const auto listed = ask({"get", "connections"});
    if (!listed) return listed.error().message();
    for (const auto& item : listed->at("items")) {
      const std::string endpoint = item.value("endpoint", "");
      const bool there = std::ranges::any_of(addresses, [&](const std::string& address) {
        return endpoint.find(address) != std::string::npos;
      });
      if (there && item.at("path") == "connect" && item.at("state") == "established")
        return item.dump();
    }
    return "none";
  }

  /// A new agent knows no rules but those that are right.
  void forget() {
    if (!world_.broken || world_.forgotten) return;
    world_.forgotten = true;
    timeline_->change(world_);
    timeline_->changed();
  }

  void killAgent(bool in_the_middle_of_a_change) {
    ++kills_;
    forget();
    timeline_->kill(Timeline::Death::kAgent);
    if (in_the_middle_of_a_change) beginChange(true);
    const Stranger agent(agent_);
    agent.kill();
    ASSERT_TRUE(agent.ends());
    timeline_->dead();
    revive(sluiced().waitReady());
    if (in_the_middle_of_a_change) timeline_->changed();
  }

  void killSluiced() {
    ++kills_;
    forget();
    timeline_->kill(Timeline::Death::kSluiced);
    const Stranger agent(agent_);
    ASSERT_TRUE(sluiced().kill().ok());
    ASSERT_TRUE(agent.ends());
    timeline_->dead();
    version_ = chooseVersion();
    revive(sluiced().startAgain());
  }

  Version chooseVersion() {
    const auto next = random_.draw() % 2 == 0 ? Version::kThis : Version::kOther;
    sluiced().use(next);
    return next;
  }

  /// An upgrade with a gap.
  void stopAndStart() {
    ++kills_;
    forget();
    timeline_->kill(Timeline::Death::kSluiced);
    ASSERT_TRUE(sluiced().stop().ok());
    timeline_->dead();
    version_ = chooseVersion();
    revive(sluiced().startAgain());
  }

  /// One without.
  void takeOver() {
    ++handovers_;
    forget();
    version_ = chooseVersion();
    timeline_->handOver();
    auto next = sluiced().successor();
    ASSERT_TRUE(next.ok()) << next.error().message();
    const auto serves = next->waitServing();
    ASSERT_TRUE(serves.ok()) << serves.error().message();
    timeline_->handedOver();
    retired_.push_back(std::exchange(sluiced(), *std::move(next)));
    learnProcesses();
    heir_ = agent_;
    if (retired_.size() > kMostRetired) awaitEnd(retired_.front());
  }

  /// At any point of what it does: it has the place, or this one goes on.
  void killSuccessor() {
    ++kills_;
    forget();
    timeline_->kill(Timeline::Death::kSluiced);
    timeline_->handOver();
    const auto version = chooseVersion();
    auto next = sluiced().successor();
    ASSERT_TRUE(next.ok()) << next.error().message();
    std::this_thread::sleep_for(std::chrono::milliseconds(random_.draw() % 1000));
    ASSERT_TRUE(next->kill().ok());
    const bool goes_on = answers();
    if (goes_on) {
      timeline_->notHandedOver();
      sluiced().use(version_);
      ASSERT_TRUE(sluiced().waitReady().ok());
    } else {
      timeline_->handedOver();
      retired_.push_back(std::move(sluiced()));
      sluiced() = *std::move(next);
      version_ = version;
    }
    const auto back = goes_on ? sluiced().waitSteering() : sluiced().startAgain();
    timeline_->dead();
    revive(back);
  }

  /// Within ten seconds; one that has given its place away does not.
  bool answers() {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (sluiced().running() && std::chrono::steady_clock::now() < limit)
      if (const auto status = sluiced().status(); status.ok()) return true;
    return false;
  }

  /// Of one that has given its place away: with its last connection.
  void awaitEnd(SluicedProcess& retired) {
    const auto status = retired.waitEnd(60s);
    ASSERT_TRUE(status.ok() && *status == 0);
    retired_.pop_front();
  }

  void revive(const Result<void>& back) {
    ASSERT_TRUE(back.ok()) << back.error().message();
    timeline_->revived();
    learnProcesses();
  }

  /// Runs steps beside clients until `seconds` have passed or something is wrong.
  void torment(uint64_t seconds) {
    auto web = shop().lab().startInside("web", [this] { return runClients(*timeline_, seed_); });
    ASSERT_TRUE(web.ok()) << web.error().message();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    uint64_t steps = 0;
    while (web->running() && !timeline_->failed && !HasFailure() &&
           std::chrono::steady_clock::now() < end) {
      ++steps;
      step();
    }
    timeline_->stop = true;
    const auto outcome = web->wait();
    std::cout << fmt::format("seed {}: {} steps, {} kills and restarts, {} handovers", seed_, steps,
                             kills_, handovers_)
              << std::endl;
    ASSERT_TRUE(outcome.ok()) << "seed " << seed_ << ", director's step " << steps << "\n"
                              << outcome.error().message();
    std::cout << *outcome << std::endl;
    for (const char* must : {"requests=", "connections to the proxy=", "connections to servers=",
                             "transfers=", "aborts="})
      EXPECT_NE(outcome->find(must), std::string::npos) << must;
  }

  /// Everything that was opened has come to an end that is counted.
  void expectCountersAddUp() {
    std::string last;
    const bool added = inTime(
        [&] {
          last = unbalanced();
          return last.empty() ? "balanced" : last;
        },
        "balanced");
    EXPECT_TRUE(added) << last;
  }

  std::string unbalanced() {
    const auto stat = ask({"stat"});
    if (!stat) return stat.error().message();
    for (const auto& item : stat->at("items")) {
      const auto count = [&](const char* name) { return item.at(name).get<uint64_t>(); };
      if (item.at("kind") == "route") continue;
      // What ended under a successor's programs, which then died, has no end that is counted.
      const bool ended =
          count("opened") >= count("established") + count("failed") + count("givenUp") &&
          count("established") == count("closed");
      if (!ended || (item.at("active").is_number() && item.at("active") != 0)) return item.dump();
    }
    return "";
  }

  uint64_t seed_ = given("SLUICE_TORTURE_SEED", std::random_device{}());
  SystemRandom random_{seed_};
  World world_;
  std::unique_ptr<Timeline, void (*)(Timeline*)> timeline_ = Timeline::make();
  std::vector<Process> servers_;
  std::string registry_, policy_, rules_;
  pid_t agent_ = 0, heir_ = 0;  ///< the last one that came by a take-over
  Version version_ = Version::kThis;
  std::deque<SluicedProcess> retired_;
  uint64_t kills_ = 0, handovers_ = 0;
};

TEST_F(Torture, NothingIsLostLateOrMisled) {
  // The proxy also keeps pipes for later: only its sockets tell.
  const auto open = [&] {
    // Who came by a take-over keeps its end of that.
    return fmt::format("[broker {}, agent {}]", descriptors(sluiced().brokerPid(), ""),
                       descriptors(agent_, "socket:") - (agent_ == heir_ ? 1 : 0));
  };
  const auto before = open();
  std::cout << "SLUICE_TORTURE_SEED=" << seed_ << std::endl;

  ASSERT_NO_FATAL_FAILURE(torment(given("SLUICE_TORTURE_SECONDS", 120)));

  while (!retired_.empty()) ASSERT_NO_FATAL_FAILURE(awaitEnd(retired_.front()));
  // Another build may count by rules of its own.
  if (version_ == Version::kThis || std::getenv("SLUICE_OTHER_SLUICED") == nullptr)
    expectCountersAddUp();
  // The proxy keeps connections to servers for later.
  servers_.clear();
  EXPECT_TRUE(inTime(open, before)) << "open is " << open() << ", was " << before;
  ASSERT_TRUE(sluiced().stop().ok());
  ASSERT_TRUE(SluicedProcess::uninstall(shop().lab()).ok());
  EXPECT_FALSE(std::filesystem::exists(shop().lab().bpffs() / "sluice"));
  EXPECT_EQ(Footprint::of(shop().lab()).listeners, 0u);
}

}  // namespace
}  // namespace sluice::test
