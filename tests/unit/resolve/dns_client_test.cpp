// SPDX-License-Identifier: Apache-2.0
#include "userspace/resolve/dns_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <optional>

#include "tests/support/dns_server.h"
#include "userspace/broker/sandbox.h"

namespace sluice::resolve {
namespace {

using namespace std::chrono_literals;
using Kind = DnsAnswer::Kind;
using test::DnsServer;
using test::ip;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class DnsClientTest : public testing::Test {
 protected:
  DnsSettings settings() const { return {{server_.address()}, 50ms, 1}; }

  DnsAnswer lookUp(const std::string& name) {
    std::optional<DnsAnswer> answer;
    client_->lookUp(name, [&](DnsAnswer given) { answer = std::move(given); });
    EXPECT_FALSE(answer) << "before lookUp() has returned";
    test::runUntil(*reactor_, [&] { return answer.has_value(); });
    return answer.value_or(DnsAnswer{});
  }

  SteadyClock clock_;
  std::unique_ptr<Reactor> reactor_ = *Reactor::create(clock_);
  DnsServer server_{*reactor_};
  std::unique_ptr<DnsClient> client_ = std::make_unique<DnsClient>(*reactor_, settings());
};

TEST_F(DnsClientTest, AddressesComeInTheOrderOfTheAnswerIPv4First) {
  server_.zone["api.test"] = {{ip("10.0.0.2"), ip("::1"), ip("10.0.0.1")}, 30};
  const auto answer = lookUp("api.test");
  EXPECT_EQ(answer.kind, Kind::kAddresses);
  EXPECT_THAT(answer.addresses, ElementsAre(ip("10.0.0.2"), ip("10.0.0.1"), ip("::1")));
  EXPECT_EQ(answer.ttl, 30s);
  EXPECT_EQ(answer.problem, "");
}

// A link-local address without its interface leads nowhere.
TEST_F(DnsClientTest, IPv6WithoutARouteIsLeftOutBesideIPv4Only) {
  server_.zone["both.test"] = {{ip("10.0.0.1"), ip("fe80::1")}};
  server_.zone["six.test"] = {{ip("fe80::1")}};
  EXPECT_THAT(lookUp("both.test").addresses, ElementsAre(ip("10.0.0.1")));
  EXPECT_THAT(lookUp("six.test").addresses, ElementsAre(ip("fe80::1")));
}

TEST_F(DnsClientTest, NamesThatDoNotExistOrHaveNoAddressesHaveNone) {
  server_.zone["empty.test"] = {};
  for (const auto* name : {"nobody.test", "empty.test"}) {
    const auto answer = lookUp(name);
    EXPECT_EQ(answer.kind, Kind::kNone) << name;
    EXPECT_THAT(answer.problem, HasSubstr("no address"));
  }
}

// The server fails for IPv4 and has nothing for IPv6: nothing is known.
TEST_F(DnsClientTest, AFailureIsNoAbsence) {
  server_.zone["broken.test"] = {.addresses = {}, .rcode_v4 = DnsServer::kServfail};
  const auto answer = lookUp("broken.test");
  EXPECT_EQ(answer.kind, Kind::kFailed);
  EXPECT_THAT(answer.problem, HasSubstr("DNS server"));
}

TEST_F(DnsClientTest, AServerThatIsSilentFailsInTime) {
  server_.zone["silent.test"] = {.addresses = {}, .silent = true};
  const auto answer = lookUp("silent.test");
  EXPECT_EQ(answer.kind, Kind::kFailed);
  EXPECT_THAT(answer.problem, HasSubstr("Timeout"));
}

TEST_F(DnsClientTest, WhatDoesNotFitComesByTcp) {
  auto& addresses = server_.zone["many.test"].addresses;
  for (int i = 1; i <= 100; ++i) addresses.push_back(ip("10.0.0." + std::to_string(i)));
  EXPECT_THAT(lookUp("many.test").addresses, SizeIs(100));
  EXPECT_EQ(server_.over_tcp, 1u);
}

TEST_F(DnsClientTest, LookupsOfOneThatIsGoneAreNeverDone) {
  server_.zone["silent.test"] = {.addresses = {}, .silent = true};
  bool done = false;
  client_->lookUp("silent.test", [&](const DnsAnswer&) { done = true; });
  test::runUntil(*reactor_, [&] { return server_.queries["silent.test"] == 1; });
  client_.reset();
  reactor_->runOnce(100ms);
  EXPECT_FALSE(done);
}

TEST_F(DnsClientTest, WhoeverIsToldMayEndIt) {
  server_.zone["api.test"] = {{ip("10.0.0.1")}};
  client_->lookUp("api.test", [&](const DnsAnswer&) { client_.reset(); });
  test::runUntil(*reactor_, [&] { return client_ == nullptr; });
}

/// As the agent does: by UDP, by TCP, and of a name that /etc/hosts has.
int lookUpInSandbox(const SocketAddress& server) {
  if (!broker::enterSandbox().ok()) return 100;
  const SteadyClock clock;
  const auto reactor = *Reactor::create(clock);
  DnsClient client(*reactor, {{server}, 5s, 1});
  std::map<std::string, size_t> found;
  for (const auto* name : {"api.test", "many.test", "localhost"})
    client.lookUp(name, [&, name](const DnsAnswer& answer) {
      found[name] = answer.addresses.size();
      if (found.size() == 3) reactor->stop();
    });
  reactor->run();
  return found["api.test"] == 1 && found["many.test"] == 100 && found["localhost"] > 0 ? 0 : 1;
}

TEST_F(DnsClientTest, TheSandboxLetsItAsk) {
  server_.zone["api.test"] = {{ip("10.0.0.1")}};
  auto& many = server_.zone["many.test"].addresses;
  for (int i = 1; i <= 100; ++i) many.push_back(ip("10.0.0." + std::to_string(i)));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(lookUpInSandbox(server_.address()));
  int status = -1;
  bool ended = false;
  test::runUntil(*reactor_, [&] {
    ended = ended || ::waitpid(child, &status, WNOHANG) == child;
    return ended;
  });
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace sluice::resolve
