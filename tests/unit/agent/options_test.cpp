// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loader/capacity.h"

namespace sluice::agent {
namespace {

using testing::ElementsAre;

SocketAddress address(const std::string& ip, uint16_t port) {
  return {*IpAddress::parse(ip), port};
}

Options parse(std::vector<std::string> words) {
  words.insert(words.begin(), "sluiced");
  std::vector<const char*> argv;
  argv.reserve(words.size());
  for (const auto& word : words) argv.push_back(word.c_str());
  return parseOptions(static_cast<int>(argv.size()), argv.data());
}

TEST(Options, DefaultsAreTheDocumentedOnes) {
  const auto options = parse({"--config", "/etc/sluice"});
  EXPECT_EQ(options.command, Options::Command::kRun);
  EXPECT_EQ(options.pin_root, "/sys/fs/bpf/sluice");
  EXPECT_EQ(options.socket, "/run/sluice/admin.sock");
  EXPECT_EQ(options.metrics.text(), "127.0.0.1:15020");
  EXPECT_GE(options.workers, 1u);
  EXPECT_FALSE(options.take_over);
  EXPECT_EQ(options.drain, 300u);
  EXPECT_EQ(options.access_log, "off");
  EXPECT_EQ(options.access_log_format, "text");
  EXPECT_EQ(options.metrics_compat, "none");
  EXPECT_TRUE(options.dns_servers.empty());
  EXPECT_EQ(options.max_services, loader::capacityOfMachine().services);
  EXPECT_EQ(options.max_endpoints, loader::capacityOfMachine().endpoints);
}

TEST(Options, CapacityIsAsItIsAskedFor) {
  const auto options =
      parse({"--config", "/c", "--max-services", "100", "--max-endpoints", "131072"});
  EXPECT_EQ(options.max_services, 100u);
  EXPECT_EQ(options.max_endpoints, 131072u);
}

TEST(Options, AgentGetsWhatTheBrokerWasGiven) {
  auto given = parse({"--config",
                      "/c",
                      "--metrics",
                      "[::1]:0",
                      "--workers",
                      "3",
                      "--socket",
                      "/s",
                      "--log-level",
                      "debug",
                      "--access-log",
                      "errors",
                      "--access-log-format",
                      "json",
                      "--metrics-compat",
                      "istio",
                      "--dns-server",
                      "10.0.0.10",
                      "--dns-server",
                      "[fd00::a]:5353"});
  auto words = agentArguments("/proc/self/exe", given);
  words.erase(words.begin());
  const auto options = parse(words);
  EXPECT_EQ(options.command, Options::Command::kAgent);
  EXPECT_EQ(options.config, "/c");
  EXPECT_EQ(options.metrics.text(), "[::1]:0");
  EXPECT_EQ(options.workers, 3u);
  EXPECT_EQ(options.socket, "/s");
  EXPECT_EQ(options.log_level, "debug");
  EXPECT_EQ(options.access_log, "errors");
  EXPECT_EQ(options.access_log_format, "json");
  EXPECT_EQ(options.metrics_compat, "istio");
  EXPECT_THAT(options.dns_servers, ElementsAre(address("10.0.0.10", 53), address("fd00::a", 5353)));
}

TEST(Options, UsageErrorsAre64) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{},
                                             {"--config", "/c", "--metrics", "nowhere"},
                                             {"--config", "/c", "--metrics", "1.2.3.4:x"},
                                             {"--config", "/c", "--dns-server", "dns.test"},
                                             {"--config", "/c", "--workers", "0"},
                                             {"--config", "/c", "--max-services", "0"},
                                             {"--config", "/c", "--max-endpoints", "131073"},
                                             {"--config", "/c", "--access-log", "some"},
                                             {"--config", "/c", "--log-level", "loud"}}) {
    const auto options = parse(words);
    EXPECT_EQ(options.command, Options::Command::kExit);
    EXPECT_EQ(options.exit_code, 64);
  }
}

TEST(Options, UninstallNeedsNoConfiguration) {
  const auto options = parse({"uninstall", "--pin-root", "/p"});
  EXPECT_EQ(options.command, Options::Command::kUninstall);
  EXPECT_EQ(options.pin_root, "/p");
}

TEST(Options, VersionSucceeds) {
  const auto options = parse({"--version"});
  EXPECT_EQ(options.command, Options::Command::kExit);
  EXPECT_EQ(options.exit_code, 0);
}

}  // namespace
}  // namespace sluice::agent
