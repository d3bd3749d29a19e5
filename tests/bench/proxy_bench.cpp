// SPDX-License-Identifier: Apache-2.0
// Sluice's proxy beside those that people know: the same rule, servers, client and cores, each
// loaded in turn, round after round. Only ratios of one run mean anything.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/peer_proxies.h"
#include "tests/bench/ratio.h"
#include "tests/support/files.h"
#include "tests/support/sluiced_process.h"
#include "tests/support/topology.h"

namespace sluice::test {
namespace {

constexpr const char* kOurs = "sluice";
constexpr const char* kAddress = "10.96.0.50";

struct Options {
  int rounds = 20;
  int seconds = 1;
  std::string scenario;  ///< part of its name; empty: all
  std::string envoy;     ///< path of the program
  std::string json;      ///< where the figures go; may be empty
};

struct Scenario {
  std::string name;
  Load load;
  size_t body = 100;
};

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all;
  for (const int connections : {1, 32, 256})
    for (const size_t head : {size_t{100}, size_t{1024}})
      all.push_back({fmt::format("{} connections, {} B head", connections, head),
                     {.connections = connections, .head_bytes = head}});
  for (const size_t body : {size_t{16384}, size_t{1048576}})
    all.push_back({fmt::format("32 connections, {} KiB responses", body / 1024),
                   {.connections = 32, .head_bytes = 1024},
                   body});
  all.push_back({"new connections", {.connections = 32, .close = true}});
  return all;
}

std::string endpointsOf(const Lab& lab, const char* host, const char* version) {
  std::string text;
  for (int i = 0; i < kEndpoints; ++i)
    text += fmt::format("  - {{address: {}, ports: {{http: {}}}, labels: {{version: {}}}}}\n",
                        lab.host(host).address4.text(), kFirstPort + i, version);
  return text;
}

std::string rules(const Lab& lab) {
  return fmt::format(R"(apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: bench, namespace: default}}
spec:
  hosts: [bench.example]
  addresses: [{}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{{number: 80, name: http, protocol: HTTP}}]
  endpoints:
{}{}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: bench, namespace: default}}
spec:
  host: bench.example
  subsets:
  - {{name: v1, labels: {{version: v1}}}}
  - {{name: v2, labels: {{version: v2}}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: bench, namespace: default}}
spec:
  hosts: [bench.example]
  http:
  - match: [{{headers: {{user-group: {{exact: beta}}}}}}]
    route: [{{destination: {{host: bench.example, subset: v2}}}}]
  - route: [{{destination: {{host: bench.example, subset: v1}}}}]
)",
                     kAddress, endpointsOf(lab, kHostOfV1, "v1"),
                     endpointsOf(lab, kHostOfV2, "v2"));
}

/// A proxy that answers with a wrong body, or from the wrong cluster, is not measured.
Result<void> check(const Lab& lab, const PeerProxy& proxy, size_t body) {
  for (const auto& [group, version] : {std::pair{"beta", "v2"}, {"others", "v1"}}) {
    const auto answer = lab.run(
        "web", {"curl", "-sf", "-o", "/dev/null", "-H", fmt::format("user-group: {}", group), "-w",
                "%{size_download} %header{x-version}", fmt::format("{}/{}", proxy.url, body)});
    if (!answer) return std::move(answer).error();
    if (answer->out != fmt::format("{} {}", body, version))
      return Error(Error::Code::kInvalid, proxy.name + " answers: " + answer->out + answer->err);
  }
  return {};
}

using Samples = std::map<std::string, std::vector<Sample>>;

/// Each proxy once per round, another one first each time.
Result<Samples> measureAll(const Lab& lab, const std::vector<PeerProxy>& proxies,
                           const Scenario& scenario, const Options& options) {
  Samples samples;
  for (const auto& proxy : proxies) SLUICE_TRY(check(lab, proxy, scenario.body));
  Load load = scenario.load;
  load.length = std::chrono::seconds(options.seconds);
  for (int round = 0; round < options.rounds; ++round) {
    for (size_t i = 0; i < proxies.size(); ++i) {
      const auto& proxy = proxies[(i + static_cast<size_t>(round)) % proxies.size()];
      auto sample =
          measure(lab, load, fmt::format("{}/{}", proxy.url, scenario.body), proxy.process);
      if (!sample) return std::move(sample).error();
      samples[proxy.name].push_back(*sample);
    }
  }
  return samples;
}

/// Of one figure over the rounds.
template <typename Get>
double median(const std::vector<Sample>& samples, const Get& get) {
  std::vector<double> values;
  values.reserve(samples.size());
  for (const auto& sample : samples) values.push_back(static_cast<double>(get(sample)));
  std::ranges::nth_element(values, values.begin() + static_cast<ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

double microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1000.0;
}

Ratio ratioOfRates(const Samples& samples, const std::string& peer) {
  std::vector<double> ratios;
  for (size_t i = 0; i < samples.at(kOurs).size(); ++i)
    ratios.push_back(samples.at(kOurs)[i].rate / samples.at(peer)[i].rate);
  return ratioOf(ratios);
}

nlohmann::json report(const Scenario& scenario, const Samples& samples,
                      const std::vector<PeerProxy>& proxies) {
  fmt::print("\n{}\n{:<9} {:>9} {:>9} {:>9} {:>9} {:>8} {:>8}   {}\n", scenario.name, "", "req/s",
             "p50 us", "p99 us", "p99.9 us", "cpu us", "RSS MiB", "sluice / it [95 %]");
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& proxy : proxies) {
    const auto& own = samples.at(proxy.name);
    const double rate = median(own, [](const Sample& s) { return s.rate; });
    const double p50 = median(own, [](const Sample& s) { return microseconds(s.p50); });
    const double p99 = median(own, [](const Sample& s) { return microseconds(s.p99); });
    const double p999 = median(own, [](const Sample& s) { return microseconds(s.p999); });
    const double cpu = median(own, [](const Sample& s) { return s.cpu_us; });
    const double memory = static_cast<double>(residentKib(proxy.process)) / 1024;
    const Ratio ratio = ratioOfRates(samples, proxy.name);
    fmt::print("{:<9} {:>9.0f} {:>9.0f} {:>9.0f} {:>9.0f} {:>8.1f} {:>8.1f}   {}\n", proxy.name,
               rate, p50, p99, p999, cpu, memory, proxy.name == kOurs ? "" : ratio.text());
    rows.push_back({{"proxy", proxy.name},
                    {"rate", rate},
                    {"p50Us", p50},
                    {"p99Us", p99},
                    {"p999Us", p999},
                    {"cpuUs", cpu},
                    {"residentMiB", memory},
                    {"ratio", {ratio.mean, ratio.low, ratio.high}}});
  }
  std::fflush(stdout);
  return {{"scenario", scenario.name}, {"proxies", rows}};
}

Result<void> bench(const Options& options) {
  auto shop = Topology::start();
  if (!shop) return std::move(shop).error();
  const Lab& lab = shop->lab();
  auto processes = startServers(lab);
  if (!processes) return std::move(processes).error();
  auto sluiced = SluicedProcess::start(lab);
  if (!sluiced) return std::move(sluiced).error();
  SLUICE_TRY(shop->applyText("bench.yaml", rules(lab)));
  SLUICE_TRY(sluiced->waitApplied());
  auto agent = sluiced->agentPid();
  if (!agent) return std::move(agent).error();
  auto proxies = startPeerProxies(lab, options.envoy, *processes);
  if (!proxies) return std::move(proxies).error();
  proxies->insert(proxies->begin(), {kOurs, fmt::format("http://{}", kAddress), *agent});

  fmt::print("Medians of {} rounds of {} s each, two clusters of {} endpoints, rule by header\n",
             options.rounds, options.seconds, kEndpoints);
  nlohmann::json figures = nlohmann::json::array();
  for (const auto& scenario : scenarios()) {
    if (scenario.name.find(options.scenario) == std::string::npos) continue;
    auto samples = measureAll(lab, *proxies, scenario, options);
    if (!samples) return std::move(samples).error();
    figures.push_back(report(scenario, *samples, *proxies));
  }
  return options.json.empty() ? Result<void>{} : writeFile(options.json, figures.dump(2) + "\n");
}

}  // namespace
}  // namespace sluice::test

int main(int argc, char** argv) {
  sluice::test::Options options;
  CLI::App app("Sluice's proxy beside HAProxy, nginx and Envoy");
  app.add_option("--rounds", options.rounds, "rounds of each scenario")->check(CLI::Range(2, 1000));
  app.add_option("--seconds", options.seconds, "of each load")->check(CLI::Range(1, 60));
  app.add_option("--scenario", options.scenario, "only those whose name has this in it");
  app.add_option("--envoy", options.envoy, "the program Envoy; without it there are three proxies");
  app.add_option("--json", options.json, "write the figures to this file as well");
  CLI11_PARSE(app, argc, argv);
  const auto result = sluice::test::bench(options);
  if (result.ok()) return 0;
  fmt::print(stderr, "bench: {}\n", result.error().message());
  return 1;
}
