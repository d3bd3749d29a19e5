// SPDX-License-Identifier: Apache-2.0
// What every end-to-end test starts from: the shop of the demo with sluiced running on its node.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/http_client.h"
#include "tests/support/sluiced_process.h"
#include "tests/support/topology.h"

namespace sluice::test {

/// How many answers came from whom: by server ("product-api-v2") or by version ("v2").
using Tally = std::map<std::string, uint64_t>;

class ShopTest : public testing::Test {
 protected:
  void SetUp() override;
  /// Behind those that every sluiced of a lab gets.
  virtual Arguments moreArguments() const { return {}; }

  const Topology& shop() const { return *shop_; }
  SluicedProcess& sluiced() { return *sluiced_; }

  /// Puts examples/NAME in force, and returns when it is.
  Result<void> apply(const std::string& example);
  /// The same under another file name, so that examples can replace each other.
  Result<void> applyAs(const std::string& name, const std::string& example);
  /// The same for YAML text in the file `name`.
  Result<void> applyText(const std::string& name, const std::string& text);

  /// What `sluicectl status --wait` does, without a program for each of many changes.
  Result<void> waitInForce();

  /// The cgroup of all hosts of the lab, above the client's.
  std::filesystem::path cgroupAbove() const;

  /// Runs `body` as the client: in its network namespace and its cgroup, in a process of its own.
  Result<std::string> asWeb(const Inside::Body& body) { return shop_->lab().inside("web", body); }
  /// The same, and a failure of `body` fails the test.
  void expectAsWeb(const std::function<Result<void>()>& body);

  /// The same for a client that is at work beside the test until expectEnd().
  Result<Inside> startAsWeb(const std::function<Result<void>()>& body);
  static void expectEnd(Result<Inside>& client);

  /// A client that stands still in the middle of what it does.
  using Pausing = std::function<Result<void>(const std::function<void()>& pause)>;
  /// Runs `client` as the client; `meanwhile` is done here while it pauses. Its failure fails the
  /// test.
  void whilePaused(const Pausing& client, const std::function<void()>& meanwhile);

  /// What `sluicectl … -o json` prints, parsed.
  Result<nlohmann::json> ask(std::vector<std::string> command);

  /// What `sluicectl status` prints, or why it does not.
  std::string statusText();

  /// How many connections were counted under `reason` (maps/abi/reasons.def) since the start.
  Result<uint64_t> counted(const std::string& reason);
  /// A sample of /metrics, by its name and labels as they are written there.
  Result<uint64_t> sample(const std::string& series);

 private:
  std::optional<Topology> shop_;
  std::optional<SluicedProcess> sluiced_;
};

SocketAddress productApi();    ///< 10.96.0.10:80
SocketAddress productApiV6();  ///< the same service by its IPv6 address
SocketAddress ratings();
SocketAddress productApiEcho();  ///< its port of raw TCP, which answers what it is sent

/// `count` connections to the same address.
Result<std::vector<HttpConnection>> connections(const SocketAddress& to, size_t count);

/// "v2" of "product-api-v2"; "v1" of "product-api-v1-a".
std::string versionOf(const std::string& server);

/// Text of a tally, to bring it out of asWeb(), and back.
std::string text(const Tally& tally);
Tally tallyOf(const std::string& text);

/// The test fails unless `tally` is a fair draw by `weights` (chi-square, 0.1 %); no other name
/// may occur.
void expectShares(const Tally& tally, const std::map<std::string, double>& weights);

/// Asks until the answer has `part` in it, 30 s at most: what changes by itself takes a while.
bool inTime(const std::function<std::string()>& ask, const std::string& part);

/// How a client ends that startAsWeb() has started, or was to start.
Result<void> endOf(Result<Inside>& client);

/// An error with that message, for conditions inside asWeb().
Error mismatch(std::string what);

}  // namespace sluice::test
