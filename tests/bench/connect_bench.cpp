// SPDX-License-Identifier: Apache-2.0
// The connect path beside direct TCP and the address translation of nftables and iptables: the same
// server, the same kind of client, each loaded in turn, round after round. Only ratios of one run
// mean anything.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/connect/bare_hook.h"
#include "tests/bench/connect/change_cost.h"
#include "tests/bench/connect/connecting.h"
#include "tests/bench/connect/hook_cost.h"
#include "tests/bench/connect/map_memory.h"
#include "tests/bench/connect/nat.h"
#include "tests/bench/connect/transfers.h"
#include "tests/bench/connect/translations.h"
#include "tests/bench/mesh.h"
#include "tests/bench/proxy/usage.h"
#include "tests/bench/ratio.h"
#include "tests/support/sluiced_process.h"

namespace sluice::test {
namespace {

constexpr size_t kEndpoints = 10;  ///< of each service
constexpr std::array kTransfers = {Transfer::kExchanges, Transfer::kBulk};

struct Options {
  std::vector<size_t> services = {1, 100, 10'000};
  int rounds = 20;
  int milliseconds = 500;  ///< of one client's load
};

/// Who connects, each from a host of its own.
struct Contender {
  std::string_view host;
  std::vector<SocketAddress> to;
  std::vector<ConnectRate> rounds;
};

class Run {
 public:
  Run(const Options& options, size_t services)
      : options_(options), services_(services), translations_(translations(services, kEndpoints)) {}

  Result<void> all() {
    SLUICE_TRY(build());
    auto sluiced = SluicedProcess::start(*lab_);
    if (!sluiced) return std::move(sluiced).error();
    SLUICE_TRY(connectMany());
    SLUICE_TRY(nothingWasLeftOut());
    SLUICE_TRY(transferMuch());
    return tell(*sluiced);
  }

 private:
  Result<void> build() {
    auto lab = Lab::create({"node", "web", "direct", "bare", "nft", "iptables", "servers"});
    if (!lab) return std::move(lab).error();
    lab_.emplace(*std::move(lab));
    SLUICE_TRY(lab_->ip("servers", "route add local 10.0.0.0/14 dev lo\n"));
    const auto servers = lab_->host("servers").address4.text();
    for (const auto& contender : contenders_)
      SLUICE_TRY(lab_->ip(contender.host, fmt::format("route add 10.0.0.0/14 via {0}\n"
                                                      "route add 172.0.0.0/8 via {0}\n",
                                                      servers)));
    for (const auto& [service, endpoint] : translations_) {
      for (auto& contender : contenders_)
        contender.to.push_back(contender.host == "direct" ? endpoint : service);
    }
    auto bare = BareHook::attach(*lab_, "bare", translations_);
    if (!bare) return std::move(bare).error();
    bare_.emplace(*std::move(bare));
    SLUICE_TRY(installNft(*lab_, "nft", nftRules(translations_)));
    SLUICE_TRY(installIptables(*lab_, "iptables", iptablesRules(translations_)));
    const auto& web = lab_->host("web");
    auto written =
        Mesh({.services = services_, .endpoints_per_service = kEndpoints, .virtual_services = 0},
             {web.cgroup, web.network_namespace})
            .write(lab_->configDirectory());
    return written ? Result<void>() : std::move(written).error();
  }

  Result<void> connectMany() {
    auto sink = startSink(*lab_, "servers");
    if (!sink) return std::move(sink).error();
    for (int round = 0; round < options_.rounds; ++round) {
      SLUICE_TRY(play(round));
      SLUICE_TRY(countHook("connect4", "web", round, hook_ns_));
      SLUICE_TRY(countHook(BareHook::kProgram, "bare", round, bare_ns_));
    }
    return {};
  }

  /// Once connected, a connection is one like any other.
  Result<void> transferMuch() {
    auto talker = startTalker(*lab_, "servers");
    if (!talker) return std::move(talker).error();
    for (int round = 0; round < options_.rounds; ++round)
      for (size_t i = 0; i < kTransfers.size(); ++i) {
        auto gained = compareTransfer(kTransfers[i], round);
        if (!gained) return std::move(gained).error();
        transfers_[i].push_back(*gained);
      }
    return {};
  }

  /// Sluice's share of what is reached directly; which is first alternates.
  Result<double> compareTransfer(Transfer transfer, int round) const {
    std::array<double, 2> rates{};
    for (size_t i = 0; i < rates.size(); ++i) {
      const size_t at = (i + static_cast<size_t>(round)) % rates.size();
      const auto& contender = contenders_[at];
      auto rate = transferFor(*lab_, contender.host, contender.to.front(), transfer,
                              std::chrono::milliseconds(options_.milliseconds));
      if (!rate) return rate;
      rates[at] = *rate;
    }
    return rates[0] / rates[1];
  }

  /// Another contender begins each round.
  Result<void> play(int round) {
    for (size_t i = 0; i < contenders_.size(); ++i) {
      auto& contender = contenders_[(i + static_cast<size_t>(round)) % contenders_.size()];
      auto rate = connectBy(contender, round);
      if (!rate) return std::move(rate).error();
      contender.rounds.push_back(*rate);
    }
    return {};
  }

  /// In a load of its own: the kernel's count slows down what it counts, eight runs a connection.
  Result<void> countHook(const char* program, std::string_view host, int round,
                         std::vector<double>& all) const {
    auto cost = HookCost::watch(program);
    if (!cost) return std::move(cost).error();
    const auto contender = std::ranges::find(contenders_, host, &Contender::host);
    if (auto rate = connectBy(*contender, round); !rate) return std::move(rate).error();
    auto nanoseconds = cost->perRun();
    if (!nanoseconds) return std::move(nanoseconds).error();
    all.push_back(*nanoseconds);
    return {};
  }

  Result<ConnectRate> connectBy(const Contender& contender, int round) const {
    return connectFor(*lab_, contender.host, contender.to,
                      std::chrono::milliseconds(options_.milliseconds),
                      static_cast<uint64_t>(round));
  }

  /// A full table of connections would make the translators look slow.
  Result<void> nothingWasLeftOut() const {
    for (const char* host : {"nft", "iptables"}) {
      auto lost = untracked(*lab_, host);
      if (!lost) return std::move(lost).error();
      if (*lost != 0)
        return Error(Error::Code::kExhausted,
                     fmt::format("{}: {} connections found no room in nf_conntrack; raise "
                                 "net.netfilter.nf_conntrack_max",
                                 host, *lost));
    }
    return {};
  }

  Result<void> tell(const SluicedProcess& sluiced) const {
    fmt::print("\n{} services, {} endpoints\n", services_, services_ * kEndpoints);
    fmt::print("  hook                      {}\n", cost(hook_ns_));
    fmt::print("  bare hook                 {}\n", cost(bare_ns_));
    const auto& [web, direct, bare, nft, iptables] = contenders_;
    fmt::print("  bare hook's rate / direct {}\n", ratio(bare, direct, &ConnectRate::per_second));
    for (const auto* peer : {&direct, &bare, &nft, &iptables}) {
      fmt::print("  rate / {:<18} {}\n", peer->host, ratio(web, *peer, &ConnectRate::per_second));
      fmt::print("  p50 of connect / {:<8} {}\n", peer->host,
                 ratio(web, *peer, &ConnectRate::p50_us));
      fmt::print("  p99 of connect / {:<8} {}\n", peer->host,
                 ratio(web, *peer, &ConnectRate::p99_us));
    }
    fmt::print("  keep-alive / direct       {}\n", ratioOf(transfers_[0]).text());
    fmt::print("  bulk / direct             {}\n", ratioOf(transfers_[1]).text());
    auto status = sluiced.status();
    if (!status) return std::move(status).error();
    fmt::print("  memory                    {:.0f} MiB of processes, {:.0f} MiB of maps\n",
               static_cast<double>(residentKib({status->value("brokerPid", 0)})) / 1024,
               static_cast<double>(mapKib(lab_->bpffs())) / 1024);
    std::fflush(stdout);
    return {};
  }

  /// "812 ns a connection (median), 790 at best".
  static std::string cost(const std::vector<double>& rounds_ns) {
    return fmt::format("{:.0f} ns a connection (median), {:.0f} at best", medianOf(rounds_ns),
                       *std::ranges::min_element(rounds_ns));
  }

  static std::string ratio(const Contender& one, const Contender& other,
                           double ConnectRate::* figure) {
    std::vector<double> ratios;
    ratios.reserve(one.rounds.size());
    for (size_t i = 0; i < one.rounds.size(); ++i)
      ratios.push_back(one.rounds[i].*figure / other.rounds[i].*figure);
    return ratioOf(ratios).text();
  }

  const Options& options_;
  const size_t services_;
  const std::vector<Translation> translations_;
  std::optional<Lab> lab_;
  std::optional<BareHook> bare_;
  std::array<Contender, 5> contenders_{{{"web", {}, {}},
                                        {"direct", {}, {}},
                                        {"bare", {}, {}},
                                        {"nft", {}, {}},
                                        {"iptables", {}, {}}}};
  std::vector<double> hook_ns_, bare_ns_;
  std::array<std::vector<double>, kTransfers.size()> transfers_;  ///< ratios
};

/// "median 1.9 ms, 2.4 ms at worst".
std::string spread(const std::vector<double>& took_ms) {
  return fmt::format("median {:.1f} ms, {:.1f} ms at worst", medianOf(took_ms),
                     *std::ranges::max_element(took_ms));
}

Result<void> tellChangeCost(size_t services, int changes) {
  auto lab = Lab::create({});
  if (!lab) return std::move(lab).error();
  const MeshSize size{.services = services,
                      .endpoints_per_service = kEndpoints,
                      .virtual_services = (services + 1) / 2};
  auto cost = changeCost(lab->bpffs() / "sluice", size, changes);
  if (!cost) return std::move(cost).error();
  fmt::print("\n{} services, {} VirtualServices, until the kernel's tables have it\n", services,
             size.virtual_services);
  fmt::print("  an endpoint changed       {}\n", spread(cost->endpoint));
  fmt::print("  a VirtualService changed  {}\n", spread(cost->virtual_service));
  return {};
}

Result<void> bench(const Options& options) {
  fmt::print("Sluice / the other: geometric mean and 95 % interval of {} rounds of {} ms\n",
             options.rounds, options.milliseconds);
  for (const size_t services : options.services) SLUICE_TRY(Run(options, services).all());
  for (const size_t services : options.services)
    SLUICE_TRY(tellChangeCost(services, options.rounds));
  return {};
}

}  // namespace
}  // namespace sluice::test

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "sink") return sluice::test::sink();
  if (argc == 2 && std::string_view(argv[1]) == "talker") return sluice::test::talker();
  sluice::test::Options options;
  CLI::App app{"What a connection costs on the connect path."};
  app.add_option("--services", options.services, "How many there are; several in turn");
  app.add_option("--rounds", options.rounds, "Rounds")->check(CLI::Range(2, 1000));
  app.add_option("--milliseconds", options.milliseconds, "Of one client's load")
      ->check(CLI::Range(50, 10'000));
  CLI11_PARSE(app, argc, argv);
  const auto result = sluice::test::bench(options);
  if (result.ok()) return 0;
  fmt::print(stderr, "connect_bench: {}\n", result.error().message());
  return 1;
}
