// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/checking_client.h"
#include "tests/e2e/gate.h"
#include "tests/e2e/shop.h"

namespace sluice::test {

/// Beta users to one version, all others to the other one; by the proxy.
std::string betaTo(const std::string& version, const std::string& rest);

/// Which version answers a beta user, on a connection of its own.
Result<std::string> versionForBeta(const SocketAddress& to);

/// What a beta user's requests say.
HttpHeaders betaHeaders();

/// One sluiced takes the place of another while clients check every byte.
class Handover : public ShopTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ShopTest::SetUp());
    ASSERT_TRUE(apply("product-api-destinationrule.yaml").ok());
    ASSERT_TRUE(applyText("rule.yaml", betaTo("v2", "v1")).ok());
  }

  /// Keeps the one before, which ends when its connections have.
  void takeOver(Version version = Version::kThis) {
    sluiced().use(version);
    auto next = sluiced().successor();
    ASSERT_TRUE(next.ok()) << next.error().message();
    const auto serves = next->waitServing();
    ASSERT_TRUE(serves.ok()) << serves.error().message();
    before_.push_back(std::exchange(sluiced(), *std::move(next)));
  }

  void takeOverThereAndBackTwice() {
    for (const auto version : {Version::kOther, Version::kThis, Version::kOther, Version::kThis})
      ASSERT_NO_FATAL_FAILURE(takeOver(version));
  }

  void expectBeta(const std::string& version) {
    for (const auto& to : {productApi(), productApiV6()}) {
      const auto seen = asWeb([&] { return versionForBeta(to); });
      if (!seen.ok() && seen.error().errnum() == ENETUNREACH) continue;
      ASSERT_TRUE(seen.ok()) << seen.error().message();
      EXPECT_EQ(*seen, version);
    }
  }

  /// What clients that keep their connections, and clients that do not, say of the time in which
  /// `work` was done here; by the proxy and by connect(). `may_lose`: new ones by the proxy.
  Result<void> loadDuring(const std::function<void()>& work, bool may_lose = false) {
    Gate begun, done;
    auto web = startAsWeb([&]() -> Result<void> {
      CheckingClient keeping(productApi(), {.headers = betaHeaders()});
      CheckingClient fresh(
          productApi(),
          {.headers = betaHeaders(), .requests_per_connection = 1, .may_lose = may_lose});
      CheckingClient two(productApi(), {.requests_per_connection = 2, .may_lose = may_lose});
      CheckingClient direct(ratings(), {.requests_per_connection = 2});
      CheckingClient steady(ratings());
      const auto clients = {&keeping, &fresh, &two, &direct, &steady};
      begun.open();
      done.wait();
      for (auto* client : clients) client->stop();
      for (const auto* client : clients) SLUICE_TRY(client->verdict(5));
      return {};
    });
    begun.wait();
    work();
    done.open();
    return endOf(web);
  }

  void underLoad(const std::function<void()>& work) {
    const auto outcome = loadDuring(work);
    EXPECT_TRUE(outcome.ok()) << outcome.error().message();
  }

  void expectOldOnesEnd() {
    for (auto& old : before_) {
      const auto status = old.waitEnd(std::chrono::seconds(60));
      ASSERT_TRUE(status.ok()) << status.error().message();
      EXPECT_EQ(*status, 0);
    }
  }

  /// Who has the place is the only one.
  void expectRulesChange() {
    ASSERT_TRUE(applyText("rule.yaml", betaTo("v1", "v2")).ok());
    expectBeta("v1");
    ASSERT_TRUE(applyText("rule.yaml", betaTo("v2", "v1")).ok());
    expectBeta("v2");
  }

  std::vector<SluicedProcess> before_;
};

}  // namespace sluice::test
