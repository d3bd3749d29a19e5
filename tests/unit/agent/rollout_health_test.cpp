// SPDX-License-Identifier: Apache-2.0
// What changes without a change of the configuration: ejections, warm-up.
#include "maps/lib/alias.h"
#include "tests/support/files.h"
#include "tests/support/tls_files.h"
#include "tests/unit/agent/rollout_fixture.h"

namespace sluice::agent {
namespace {

/// product-api through the proxy, with a policy.
World routedWith(const TrafficPolicy& policy) {
  auto world = routedTo("v1");
  auto rule = *world.snapshot.destination_rules.front();
  rule.traffic_policy = policy;
  world.snapshot.destination_rules = {std::make_shared<const DestinationRule>(std::move(rule))};
  return world;
}

class Ejections : public RolloutTest {
 protected:
  static TrafficPolicy oneError() {
    TrafficPolicy policy;
    policy.outlier_detection.emplace().consecutive_5xx_errors = 1;
    policy.outlier_detection->max_ejection_percent = 100;
    return policy;
  }
  const proxy::ProxyCluster& destination() const {
    return fleet_.configs.back()->routes.begin()->second->rules->at(0).destinations.at(0);
  }
  void fail(size_t endpoint) {
    destination().endpoints.at(endpoint).monitor->answered(500, clock_.now());
    bringIn();
  }
  /// What has been posted, and its rollout.
  void bringIn() {
    reactor_->runOnce(0ms);
    for (int i = 0; i < 3; ++i) fleet_.acknowledge();
  }
  /// Of the destination's endpoints, one draw after the other.
  std::set<std::string> drawn() const {
    std::set<std::string> found;
    const auto& [endpoints, choice] = std::pair(destination().endpoints, destination().choice);
    for (size_t i = 0; i < endpoints.size(); ++i)
      found.insert(endpoints[choice.empty() ? i : alias_take(&choice[i], 1)].address.text());
    return found;
  }
};

TEST_F(Ejections, LeaveTheWorkersChoiceAndComeBack) {
  applyNow(snapshot(routedWith(oneError()), 1));
  EXPECT_EQ(drawn().size(), 2u);
  const auto matcher = fleet_.configs.back()->routes.begin()->second->matcher;
  fail(0);
  EXPECT_EQ(drawn(), std::set<std::string>{"10.1.0.2:8080"});
  EXPECT_EQ(fleet_.configs.back()->routes.begin()->second->matcher, matcher) << "not made again";
  EXPECT_EQ(rollout_.status().revision, 1u);
  for (int i = 0; i < 3; ++i) {
    pass(10s);
    bringIn();
  }
  EXPECT_EQ(drawn().size(), 2u);
}

TEST_F(Ejections, LeaveNobodyWhereAllHaveFailed) {
  applyNow(snapshot(routedWith(oneError()), 1));
  fail(0);
  fail(1);
  EXPECT_TRUE(destination().endpoints.empty());
  for (int i = 0; i < 3; ++i) {
    pass(10s);
    bringIn();
  }
  EXPECT_EQ(drawn().size(), 2u);
}

TEST_F(Ejections, ComeOfConnectionsThatTheKernelCouldNotMake) {
  applyNow(snapshot(routedWith(oneError()), 1));
  pass(balance::OutlierWatch::kConnectionPeriod);
  bringIn();
  const auto id = destination().endpoints.at(0).id.value;
  connection_stats stats{};
  stats.failed = 1;
  ASSERT_TRUE(maps::View<Table::kEndpointStats>(data_plane_).put(id, stats).ok());
  EXPECT_EQ(drawn().size(), 2u);
  pass(balance::OutlierWatch::kConnectionPeriod);
  bringIn();
  EXPECT_EQ(drawn(), std::set<std::string>{"10.1.0.2:8080"});
}

TEST_F(Ejections, LastThroughChangesOfOtherThings) {
  applyNow(snapshot(routedWith(oneError()), 1));
  fail(0);
  auto world = routedWith(oneError());
  world.addEndpoint("product-api", "10.1.0.9", {{"version", "v1"}});
  applyNow(snapshot(std::move(world), 2));
  EXPECT_EQ(destination().endpoints.size(), 3u);
  EXPECT_EQ(drawn(), (std::set<std::string>{"10.1.0.2:8080", "10.1.0.9:8080"}));
}

TEST_F(Ejections, EndWithTheirPolicy) {
  applyNow(snapshot(routedWith(oneError()), 1));
  fail(0);
  auto other = oneError();
  other.outlier_detection->consecutive_5xx_errors = 2;
  applyNow(snapshot(routedWith(other), 2));
  bringIn();
  EXPECT_EQ(drawn().size(), 2u);
}

TEST_F(Ejections, WaitForARolloutThatIsOnItsWay) {
  applyNow(snapshot(routedWith(oneError()), 1));
  const auto monitor = destination().endpoints.at(0).monitor;
  rollout_.apply(snapshot(routedWith(oneError()), 2));
  monitor->answered(500, clock_.now());
  bringIn();
  EXPECT_EQ(rollout_.status().revision, 2u);
  EXPECT_EQ(drawn(), std::set<std::string>{"10.1.0.2:8080"});
}

TEST_F(Ejections, LimitsKeepWhatIsUnderWayOverChanges) {
  TrafficPolicy policy;
  policy.connection_pool.emplace().http.emplace().http2_max_requests = 1;
  applyNow(snapshot(routedWith(policy), 1));
  const auto lease = destination().pool->request();
  policy.connection_pool->http->http2_max_requests = 2;
  applyNow(snapshot(routedWith(policy), 2));
  const auto second = destination().pool->request();
  EXPECT_TRUE(second);
  EXPECT_FALSE(destination().pool->request());
}

TEST_F(Ejections, NewEndpointsWarmUp) {
  TrafficPolicy policy;
  policy.load_balancer.emplace().simple = LoadBalancerSettings::Simple::kRoundRobin;
  policy.load_balancer->warmup = Warmup{.duration = 100s, .minimum_percent = 10, .aggression = 1};
  applyNow(snapshot(routedWith(policy), 1));
  EXPECT_TRUE(destination().choice.empty()) << "all alike";
  auto world = routedWith(policy);
  world.addEndpoint("product-api", "10.1.0.9", {{"version", "v1"}});
  applyNow(snapshot(std::move(world), 2));
  bringIn();
  ASSERT_EQ(destination().endpoints.size(), 3u);
  EXPECT_FALSE(destination().choice.empty());
  for (int i = 0; i < 20; ++i) {
    pass(5s);
    bringIn();
  }
  EXPECT_TRUE(destination().choice.empty()) << "all alike again";
}

class TlsFilesChange : public Ejections {
 protected:
  TlsFilesChange() {
    EXPECT_TRUE(files_.makeAuthority("one").ok());
    EXPECT_TRUE(files_.makeAuthority("two").ok());
    auto& tls = policy_.tls.emplace();
    tls.mode = ClientTlsSettings::Mode::kSimple;
    tls.ca_certificates = files_.path("trusted.pem");
  }
  void trust(const std::string& name) {
    const auto text = test::readFile(files_.certificate(name));
    ASSERT_TRUE(text.ok());
    ASSERT_TRUE(test::replaceFile(policy_.tls->ca_certificates, *text).ok());
  }

  test::TlsFiles files_;
  TrafficPolicy policy_;
};

TEST_F(TlsFilesChange, NewFilesComeIntoForceByThemselves) {
  trust("one");
  applyNow(snapshot(routedWith(policy_), 1));
  const auto first = destination().tls;
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->problem());
  const auto config = fleet_.configs.back();
  pass(Rollout::kRetirePeriod);
  bringIn();
  EXPECT_EQ(fleet_.configs.back(), config) << "nothing has changed";
  trust("two");
  pass(Rollout::kRetirePeriod);
  bringIn();
  ASSERT_TRUE(destination().tls);
  EXPECT_NE(destination().tls->id(), first->id());
  EXPECT_EQ(rollout_.status().revision, 1u);
  applyNow(snapshot(routedWith(policy_), 2));
  EXPECT_NE(destination().tls->id(), first->id());
}

TEST_F(TlsFilesChange, FilesThatCannotBeUsedAreShownAndHoldNothingUp) {
  applyNow(snapshot(routedWith(policy_), 1));
  EXPECT_EQ(rollout_.status().revision, 1u);
  EXPECT_FALSE(rollout_.status().problem);
  ASSERT_EQ(rollout_.status().unusable.size(), 1u);
  EXPECT_EQ(rollout_.status().unusable[0].policy,
            "DestinationRule/default/product-api spec.trafficPolicy.tls");
  EXPECT_TRUE(destination().tls->problem());
  trust("one");
  pass(Rollout::kRetirePeriod);
  bringIn();
  EXPECT_FALSE(destination().tls->problem());
  EXPECT_TRUE(rollout_.status().unusable.empty());
}

TEST_F(Ejections, RequestsThatAreHashedHaveATable) {
  TrafficPolicy policy;
  policy.load_balancer.emplace().consistent_hash.emplace().http_header_name = "x-user";
  policy.load_balancer->consistent_hash->maglev.emplace().table_size = 1021;
  applyNow(snapshot(routedWith(policy), 1));
  ASSERT_TRUE(destination().by_hash);
  EXPECT_EQ(destination().by_hash->slots().size(), 1021u);
  EXPECT_EQ(destination().hash_key->http_header_name, "x-user");
  const auto& rules = *fleet_.configs.back()->routes.begin()->second->rules;
  EXPECT_EQ(rules.at(0).destinations.at(0).by_hash, rules.at(1).destinations.at(0).by_hash);
}

}  // namespace
}  // namespace sluice::agent
