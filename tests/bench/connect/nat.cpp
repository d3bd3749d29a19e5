// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/connect/nat.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <sstream>
#include <vector>

#include "tests/support/files.h"

namespace sluice::test {
namespace {

Result<void> succeed(const Lab& lab, std::string_view host, const Arguments& argv) {
  auto finished = lab.run(host, argv);
  if (!finished) return std::move(finished).error();
  if (finished->status != 0)
    return Error(Error::Code::kSystem, argv.front() + ": " + finished->err);
  return {};
}

/// What is closed by a reset is forgotten at once, so that the table never fills.
Result<void> forgetSoon(const Lab& lab, std::string_view host) {
  return succeed(lab, host, {"sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_timeout_close=1"});
}

Result<std::string> writeRules(const Lab& lab, const std::string& name, const std::string& rules) {
  const auto file = lab.directory() / name;
  SLUICE_TRY(writeFile(file, rules));
  return file.string();
}

}  // namespace

std::string iptablesRules(std::span<const Translation> translations) {
  std::vector<Translation> shuffled(translations.begin(), translations.end());
  std::ranges::shuffle(shuffled, std::mt19937_64(1));
  std::string text = "*nat\n";
  for (const auto& [service, endpoint] : shuffled)
    text += fmt::format("-A OUTPUT -d {} -p tcp --dport {} -j DNAT --to-destination {}\n",
                        service.ip.text(), service.port, endpoint.text());
  return text + "COMMIT\n";
}

std::string nftRules(std::span<const Translation> translations) {
  std::string elements;
  for (const auto& [service, endpoint] : translations)
    elements += fmt::format("{} . {} : {} . {},\n", service.ip.text(), service.port,
                            endpoint.ip.text(), endpoint.port);
  return "table ip nat {\n"
         "map services { type ipv4_addr . inet_service : ipv4_addr . inet_service\nelements = {\n" +
         elements +
         "} }\n"
         "chain output { type nat hook output priority -100;\n"
         "dnat ip to ip daddr . tcp dport map @services\n}\n}\n";
}

Result<void> installIptables(const Lab& lab, std::string_view host, const std::string& rules) {
  auto file = writeRules(lab, "iptables.rules", rules);
  if (!file) return std::move(file).error();
  SLUICE_TRY(succeed(lab, host, {"iptables-legacy-restore", *file}));
  return forgetSoon(lab, host);
}

Result<void> installNft(const Lab& lab, std::string_view host, const std::string& rules) {
  auto file = writeRules(lab, "nft.rules", rules);
  if (!file) return std::move(file).error();
  SLUICE_TRY(succeed(lab, host, {"nft", "-f", *file}));
  return forgetSoon(lab, host);
}

Result<uint64_t> untracked(const Lab& lab, std::string_view host) {
  auto finished = lab.run(host, {"cat", "/proc/net/stat/nf_conntrack"});
  if (!finished) return std::move(finished).error();
  std::istringstream lines(finished->out);
  std::string line;
  std::getline(lines, line);
  std::vector<std::string> names;
  std::istringstream head(line);
  for (std::string name; head >> name;) names.push_back(name);
  uint64_t sum = 0;
  while (std::getline(lines, line)) {
    std::istringstream row(line);
    size_t column = 0;
    for (std::string value; row >> value; ++column) {
      if (column < names.size() && (names[column] == "insert_failed" || names[column] == "drop"))
        sum += std::stoull(value, nullptr, 16);
    }
  }
  return sum;
}

}  // namespace sluice::test
