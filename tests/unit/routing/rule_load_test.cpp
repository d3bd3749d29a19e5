// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/rule_load.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <utility>

#include "userspace/routing/names.h"

namespace sluice::routing {
namespace {

TEST(RuleLoad, IsRulesTimesPorts) {
  RuleLoad load;
  load.addPorts("a.com", {80, 81, 82});
  load.addRules("a.com", {2, 0});
  EXPECT_EQ(load.total(), 6U);
  load.addRules("a.com", {0, 10});
  EXPECT_EQ(load.total(), 36U);
}

TEST(RuleLoad, OtherHostsDoNotCount) {
  RuleLoad load;
  load.addPorts("a.com", {80});
  load.addRules("b.com", {1, 1});
  load.addRules("*.a.com", {1, 1});
  EXPECT_EQ(load.total(), 0U);
}

/// Services with one port number share the http rules of a wildcard.
TEST(RuleLoad, NumbersCountOnceForAWildcard) {
  RuleLoad load;
  load.addRules("*.com", {1, 100});
  for (int i = 0; i < 1000; ++i) load.addPorts("s" + std::to_string(i) + ".com", {80});
  EXPECT_EQ(load.total(), 1100U);
}

/// Connection rules about names under a wildcard service are about that service.
TEST(RuleLoad, AWildcardServiceHasTheConnectionRulesBelowIt) {
  RuleLoad load;
  load.addRules("a.com", {5, 100});
  load.addPorts("*.com", {443});
  EXPECT_EQ(load.total(), 5U);
  load.addRules("b.com", {5, 100});
  EXPECT_EQ(load.total(), 10U);
}

/// What is said, and the sum over all pairs of it.
class PlainLoad {
 public:
  void addPorts(const std::string& host, const std::vector<uint16_t>& ports) {
    services_.emplace_back(host, ports);
  }
  void addRules(const std::string& host, const RuleWeight& weight) {
    rules_.emplace_back(host, weight);
  }
  std::pair<std::string, std::vector<uint16_t>> takeService(size_t at) {
    return take(services_, at);
  }
  std::pair<std::string, RuleWeight> takeRules(size_t at) { return take(rules_, at); }
  size_t services() const { return services_.size(); }
  size_t rules() const { return rules_.size(); }

  uint64_t total() const {
    uint64_t sum = 0;
    for (const auto& [target, weight] : rules_) {
      uint64_t ports = 0;
      std::set<uint16_t> numbers;
      for (const auto& [host, own] : services_) {
        const bool is_covered = hostMatches(target, host);
        if (is_covered) numbers.insert(own.begin(), own.end());
        if (is_covered || hostMatches(host, target)) ports += own.size();
      }
      sum += ports * weight.per_port + numbers.size() * weight.per_number;
    }
    return sum;
  }

 private:
  template <typename List>
  static typename List::value_type take(List& list, size_t at) {
    auto item = list[at];
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(at));
    return item;
  }

  std::vector<std::pair<std::string, std::vector<uint16_t>>> services_;
  std::vector<std::pair<std::string, RuleWeight>> rules_;
};

TEST(RuleLoad, FollowsAnySequenceOfChanges) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same sequence each time
  const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  const std::vector<std::string> hosts = {"a.x.com", "b.x.com", "*.x.com", "*.com", "*", "c.org"};
  RuleLoad load;
  PlainLoad plain;
  for (int step = 0; step < 3000; ++step) {
    const auto& host = hosts[below(hosts.size())];
    if (const auto what = below(4); what == 0) {
      const std::vector<uint16_t> ports(below(3), static_cast<uint16_t>(80 + below(3)));
      load.addPorts(host, ports);
      plain.addPorts(host, ports);
    } else if (what == 1) {
      const RuleWeight weight{below(5), below(5)};
      load.addRules(host, weight);
      plain.addRules(host, weight);
    } else if (what == 2 && plain.services() > 0) {
      const auto [name, ports] = plain.takeService(below(plain.services()));
      load.removePorts(name, ports);
    } else if (what == 3 && plain.rules() > 0) {
      const auto [name, weight] = plain.takeRules(below(plain.rules()));
      load.removeRules(name, weight);
    }
    ASSERT_EQ(load.total(), plain.total()) << "after step " << step;
  }
}

}  // namespace
}  // namespace sluice::routing
