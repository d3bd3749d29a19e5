// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/shop.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/e2e/gate.h"
#include "tests/support/statistics.h"
#include "userspace/cli/admin_client.h"

namespace sluice::test {

void ShopTest::SetUp() {
  auto shop = Topology::start();
  ASSERT_TRUE(shop.ok()) << shop.error().message();
  shop_.emplace(*std::move(shop));
  auto sluiced = SluicedProcess::start(shop_->lab(), moreArguments());
  ASSERT_TRUE(sluiced.ok()) << sluiced.error().message();
  sluiced_.emplace(*std::move(sluiced));
}

Result<void> ShopTest::apply(const std::string& example) { return applyAs(example, example); }

Result<void> ShopTest::applyAs(const std::string& name, const std::string& example) {
  SLUICE_TRY(shop_->apply(example, name));
  return waitInForce();
}

Result<void> ShopTest::applyText(const std::string& name, const std::string& text) {
  SLUICE_TRY(shop_->applyText(name, text));
  return waitInForce();
}

void ShopTest::expectAsWeb(const std::function<Result<void>()>& body) {
  auto client = startAsWeb(body);
  expectEnd(client);
}

Result<Inside> ShopTest::startAsWeb(const std::function<Result<void>()>& body) {
  return shop_->lab().startInside("web", [&]() -> Result<std::string> {
    SLUICE_TRY(body());
    return std::string();
  });
}

void ShopTest::expectEnd(Result<Inside>& client) {
  const auto end = endOf(client);
  EXPECT_TRUE(end.ok()) << end.error().message();
}

void ShopTest::whilePaused(const Pausing& client, const std::function<void()>& meanwhile) {
  Gate paused, done;
  auto web = startAsWeb([&] {
    return client([&] {
      paused.open();
      done.wait();
    });
  });
  paused.wait();
  meanwhile();
  done.open();
  expectEnd(web);
}

Result<void> ShopTest::waitInForce() {
  auto answer = cli::ask(shop_->lab().adminSocket(), {{"command", "status"}, {"wait", true}},
                         std::chrono::seconds(30));
  if (!answer) return std::move(answer).error();
  return {};
}

std::string ShopTest::statusText() {
  const auto text = sluiced_->ctl({"status"});
  return text.ok() ? text->out : text.error().message();
}

std::filesystem::path ShopTest::cgroupAbove() const {
  return std::filesystem::path(shop_->lab().host("web").cgroup_directory).parent_path();
}

Result<nlohmann::json> ShopTest::ask(std::vector<std::string> command) {
  command.insert(command.end(), {"-o", "json"});
  auto output = sluiced_->ctl(command);
  if (!output) return std::move(output).error();
  auto parsed = nlohmann::json::parse(output->out, nullptr, false);
  if (output->status != 0 || parsed.is_discarded())
    return mismatch(fmt::format("sluicectl {}: status {}: {}{}", command.front(), output->status,
                                output->out, output->err));
  return parsed;
}

Result<uint64_t> ShopTest::counted(const std::string& reason) {
  return sample(fmt::format("sluice_path_total{{reason=\"{}\"}}", reason));
}

Result<uint64_t> ShopTest::sample(const std::string& series) {
  auto scraped = shop_->lab().run("node", {"curl", "-sS", "http://127.0.0.1:15020/metrics"});
  if (!scraped) return std::move(scraped).error();
  const size_t found = scraped->out.find("\n" + series + " ");
  if (found == std::string::npos) return mismatch("no series " + series + scraped->err);
  return std::stoull(scraped->out.substr(found + series.size() + 2));
}

SocketAddress productApi() { return {Topology::productApi4(), 80}; }
SocketAddress productApiV6() { return {Topology::productApi6(), 80}; }
SocketAddress ratings() { return {Topology::ratings4(), 80}; }
SocketAddress productApiEcho() { return {Topology::productApi4(), 9000}; }

Result<std::vector<HttpConnection>> connections(const SocketAddress& to, size_t count) {
  std::vector<HttpConnection> all;
  for (size_t i = 0; i < count; ++i) {
    auto connection = HttpConnection::connect(to);
    if (!connection) return std::move(connection).error();
    all.push_back(*std::move(connection));
  }
  return all;
}

std::string versionOf(const std::string& server) {
  const size_t at = server.rfind("-v");
  return at == std::string::npos ? server : server.substr(at + 1, 2);
}

std::string text(const Tally& tally) {
  std::string text;
  for (const auto& [name, count] : tally) text += fmt::format("{} {}\n", name, count);
  return text;
}

Tally tallyOf(const std::string& text) {
  std::istringstream lines(text);
  Tally tally;
  std::string name;
  for (uint64_t count = 0; lines >> name >> count;) tally[name] = count;
  return tally;
}

void expectShares(const Tally& tally, const std::map<std::string, double>& weights) {
  std::vector<uint64_t> counts;
  std::vector<double> shares;
  for (const auto& [name, weight] : weights) {
    const auto found = tally.find(name);
    counts.push_back(found == tally.end() ? 0 : found->second);
    shares.push_back(weight);
  }
  EXPECT_LE(tally.size(), weights.size()) << text(tally);
  EXPECT_GE(goodnessOfFit(counts, shares), kSignificance) << text(tally);
}

bool inTime(const std::function<std::string()>& ask, const std::string& part) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (ask().find(part) == std::string::npos)
    if (std::chrono::steady_clock::now() > limit) return false;
  return true;
}

Result<void> endOf(Result<Inside>& client) {
  if (!client) return client.error();
  if (auto said = client->wait(); !said) return std::move(said).error();
  return {};
}

Error mismatch(std::string what) { return {Error::Code::kInvalid, std::move(what)}; }

}  // namespace sluice::test
