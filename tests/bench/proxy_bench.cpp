// SPDX-License-Identifier: Apache-2.0
// Sluice's proxy beside those that people know: the same rule, servers, clients and cores, each
// loaded in turn, round after round. Only ratios of one run mean anything. What is compared, and
// how fairly, is in docs/benchmarks/README.md.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/bench/proxy/arena.h"
#include "tests/bench/proxy/figures.h"
#include "tests/bench/proxy/idle.h"
#include "tests/bench/proxy/rules.h"
#include "tests/bench/proxy/scenarios.h"
#include "tests/bench/proxy/servers.h"
#include "tests/bench/proxy/surroundings.h"
#include "tests/support/files.h"

namespace sluice::test {
namespace {

constexpr int kIdleConnections = 10'000;

struct Options {
  int rounds = 20;
  int seconds = 1;
  std::string scenario;  ///< part of its id; empty: all
  std::string envoy;     ///< path of the program
  std::string json;      ///< where the figures go; may be empty
};

class Run {
 public:
  explicit Run(const Options& options) : options_(options) {
    report_ = {{"date", fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)))},
               {"machine", machine()},
               {"versions", versions(options.envoy)},
               {"rounds", options.rounds},
               {"seconds", options.seconds},
               {"endpoints", kEndpoints},
               {"pods", kPods},
               {"scenarios", nlohmann::json::array()},
               {"left out", nlohmann::json::array()},
               {"repeated", nlohmann::json::array()}};
  }

  Result<void> all() {
    SLUICE_TRY(oneClient());
    SLUICE_TRY(idle());
    SLUICE_TRY(podsAndNode());
    return podsAndSidecars();
  }

  /// False when something could not be measured.
  bool complete() const { return report_["left out"].empty(); }

 private:
  bool isWanted(const std::string& id) const {
    return id.find(options_.scenario) != std::string::npos;
  }

  /// Processes that have not yet served anybody: what others have left behind is no part of their
  /// memory.
  Result<void> startAfresh() {
    arena_.reset();
    auto arena = Arena::start(options_.envoy);
    if (!arena) return std::move(arena).error();
    arena_ = *std::move(arena);
    return {};
  }

  std::vector<Contender> besideOneClient(Protocol protocol) const {
    auto contenders = arena_->sidecars(protocol);
    contenders.insert(contenders.begin(), arena_->sluice(serviceOf(protocol), 1));
    return contenders;
  }

  Result<void> oneClient() {
    SLUICE_TRY(startAfresh());
    SLUICE_TRY(arena_->startSidecars(1));
    for (auto& scenario : scenariosOfOneClient()) {
      scenario.contenders = besideOneClient(scenario.load.protocol);
      SLUICE_TRY(measureAll(std::move(scenario)));
    }
    Scenario rules = scenarioOfManyRules();
    rules.contenders = {arena_->sluice(serviceWithManyRules(), 1),
                        arena_->sluice(serviceOf(Protocol::kHttp1), 1)};
    rules.contenders.front().name += fmt::format(", {} rules", kManyRules);
    rules.contenders.back().name += ", 1 rule";
    return measureAll(std::move(rules));
  }

  Result<void> podsAndNode() {
    Scenario scenario = scenarioOfPodsAndNode();
    if (!isWanted(scenario.id)) return {};
    SLUICE_TRY(startAfresh());
    SLUICE_TRY(arena_->startOnNode());
    scenario.contenders = arena_->onNode(Protocol::kHttp1);
    return pods(std::move(scenario));
  }

  Result<void> podsAndSidecars() {
    Scenario scenario = scenarioOfPodsAndSidecars();
    if (!isWanted(scenario.id)) return {};
    SLUICE_TRY(startAfresh());
    SLUICE_TRY(arena_->startSidecars(kPods));
    scenario.contenders = arena_->sidecars(Protocol::kHttp1);
    return pods(std::move(scenario));
  }

  Result<void> pods(Scenario scenario) {
    scenario.contenders.insert(scenario.contenders.begin(),
                               arena_->sluice(serviceOf(Protocol::kHttp1), kPods));
    return measureAll(std::move(scenario));
  }

  /// Each contender once per round, another one first each time. One that fails is left out from
  /// then on, and the report says why.
  Result<void> measureAll(Scenario scenario) {
    if (!isWanted(scenario.id)) return {};
    scenario.load.length = std::chrono::seconds(options_.seconds);
    SLUICE_TRY(writeLoadFiles(directory(), scenario.load));
    const std::string base = scenario.contenders.front().name;
    std::erase_if(scenario.contenders, [&](const Contender& contender) {
      return isOut(scenario.id, contender, check(directory(), contender, scenario.load));
    });
    Samples samples;
    for (int round = 0; round < options_.rounds && !scenario.contenders.empty(); ++round)
      measureRound(scenario, round, samples);
    if (scenario.contenders.empty()) return {};
    auto figures = figuresOf(scenario, samples, base);
    fmt::print("{}", textOf(figures));
    std::fflush(stdout);
    report_["scenarios"].push_back(std::move(figures));
    return write();
  }

  void measureRound(Scenario& scenario, int round, Samples& samples) {
    std::set<std::string> failed;
    for (size_t i = 0; i < scenario.contenders.size(); ++i) {
      const size_t turn = (i + static_cast<size_t>(round)) % scenario.contenders.size();
      const auto& contender = scenario.contenders[turn];
      auto sample = measurePatiently(contender, scenario, round);
      if (sample) {
        samples[contender.name].push_back(*sample);
      } else if (isOut(scenario.id, contender, std::move(sample).error())) {
        failed.insert(contender.name);
      }
    }
    std::erase_if(scenario.contenders,
                  [&](const Contender& contender) { return failed.contains(contender.name); });
  }

  /// A load that fails once is repeated, and the report says so: one lost packet is no reason to
  /// lose a scenario.
  Result<Sample> measurePatiently(const Contender& contender, const Scenario& scenario, int round) {
    auto sample = measure(directory(), contender, scenario.load, round);
    if (sample) return sample;
    note("repeated", scenario.id, contender, sample.error());
    return measure(directory(), contender, scenario.load, round);
  }

  void note(const char* what, const std::string& id, const Contender& contender,
            const Error& error) {
    fmt::print("{}: {} is {}: {}\n", id, contender.name, what, error.message());
    report_[what].push_back({{"scenario", id}, {"name", contender.name}, {"why", error.message()}});
  }

  /// Whether it has failed; then the report says so.
  bool isOut(const std::string& id, const Contender& contender, const Result<void>& result) {
    if (result) return false;
    note("left out", id, contender, result.error());
    return true;
  }

  Result<void> idle() {
    if (!isWanted("idle")) return {};
    SLUICE_TRY(startAfresh());
    SLUICE_TRY(arena_->startSidecars(1));
    const auto contenders = besideOneClient(Protocol::kHttp1);
    nlohmann::json rows = nlohmann::json::array();
    fmt::print("\n{} idle connections\n{:<24} {:>8} {:>8}\n", kIdleConnections, "", "MiB",
               "more MiB");
    for (const auto& contender : contenders) {
      auto memory = holdIdleConnections(contender, kIdleConnections);
      if (!memory) {
        isOut("idle", contender, std::move(memory).error());
        continue;
      }
      const double held = static_cast<double>(memory->held) / 1024;
      const double growth = held - static_cast<double>(memory->before) / 1024;
      fmt::print("{:<24} {:>8.1f} {:>8.1f}\n", contender.name, held, growth);
      rows.push_back({{"name", contender.name}, {"residentMiB", held}, {"growthMiB", growth}});
    }
    std::fflush(stdout);
    report_["idle"] = {{"connections", kIdleConnections}, {"contenders", rows}};
    return write();
  }

  /// After each scenario: what was measured is kept if a later one cannot be.
  Result<void> write() const {
    return options_.json.empty() ? Result<void>{}
                                 : replaceFile(options_.json, report_.dump(2) + "\n");
  }

  std::filesystem::path directory() const { return arena_->lab().directory(); }

  const Options& options_;
  std::unique_ptr<Arena> arena_;
  nlohmann::json report_;
};

Result<void> bench(const Options& options) {
  SLUICE_TRY(raiseOpenFiles(kIdleConnections));
  fmt::print("Medians of {} rounds of {} s each, two clusters of {} endpoints, rule by header\n",
             options.rounds, options.seconds, kEndpoints);
  Run run(options);
  SLUICE_TRY(run.all());
  if (run.complete()) return {};
  return Error(Error::Code::kInvalid, "something was left out, see above");
}

}  // namespace
}  // namespace sluice::test

int main(int argc, char** argv) {
  sluice::test::Options options;
  CLI::App app("Sluice's proxy beside HAProxy, nginx and Envoy");
  app.add_option("--rounds", options.rounds, "rounds of each scenario")->check(CLI::Range(2, 1000));
  app.add_option("--seconds", options.seconds, "of each load")->check(CLI::Range(1, 60));
  app.add_option("--scenario", options.scenario,
                 "only those whose id has this in it: http1, http1-32-1024-100, http1-new, http2, "
                 "grpc, rules, idle, pods-node, pods-sidecars");
  app.add_option("--envoy", options.envoy, "the program Envoy; without it there are three proxies");
  app.add_option("--json", options.json, "write the figures to this file as well")->take_last();
  CLI11_PARSE(app, argc, argv);
  const auto result = sluice::test::bench(options);
  if (!options.json.empty())
    fmt::print("\nA page of it: tests/bench/render/render.py {} docs/benchmarks\n", options.json);
  if (result.ok()) return 0;
  fmt::print(stderr, "bench: {}\n", result.error().message());
  return 1;
}
