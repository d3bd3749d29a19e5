// SPDX-License-Identifier: Apache-2.0
// tls rules of VirtualServices about names under a wildcard service are about that service: it
// follows those that overlap with it, and no others.
#include <gmock/gmock.h>

#include "tests/unit/routing/builders.h"
#include "userspace/routing/resolver.h"

namespace sluice::routing {
namespace {

using test::meta;
using test::World;
using testing::ElementsAre;
using testing::IsEmpty;

VirtualService tlsRule(const std::string& name, const std::string& host) {
  TlsMatch match;
  match.sni_hosts = {host};
  VirtualService service;
  service.metadata = meta(name);
  service.hosts = {host};
  service.tls = {TlsRoute{{match}, {test::to("db.other")}}};
  return service;
}

/// A ServiceEntry of *.example and one of *.test, beside what a test adds.
class TlsWildcards : public testing::Test {
 protected:
  World mesh() {
    World world;
    for (const char* host : {"*.example", "*.test"})
      world.add(test::entry(host, "TLS", 443, {"10.0.0.1"}));
    return world;
  }

  /// The names of the VirtualServices whose rules *.example has.
  std::vector<std::string> rulesAfter(const World& world) {
    last_ = resolver_.update(std::make_shared<const Snapshot>(world.snapshot));
    std::vector<std::string> names;
    for (const auto& rule : route("*.example")->l4_rules) names.push_back(rule.virtual_service);
    return names;
  }

  std::shared_ptr<const ServiceRoute> route(const std::string& host) {
    return last_->tables.at({}).services.at({host, 443});
  }

  Resolver resolver_;
  std::shared_ptr<const Routing> last_;
};

TEST_F(TlsWildcards, FollowRulesBelowThem) {
  EXPECT_THAT(rulesAfter(mesh()), IsEmpty());
  EXPECT_THAT(rulesAfter(mesh().add(tlsRule("below", "a.example"))), ElementsAre("default/below"));
  EXPECT_THAT(rulesAfter(mesh()), IsEmpty());
}

TEST_F(TlsWildcards, FollowRulesAboveThem) {
  EXPECT_THAT(rulesAfter(mesh()), IsEmpty());
  EXPECT_THAT(rulesAfter(mesh().add(tlsRule("above", "*"))), ElementsAre("default/above"));
  EXPECT_THAT(rulesAfter(mesh()), IsEmpty());
}

TEST_F(TlsWildcards, ARuleThatNamesSeveralOfTheirHostsCountsOnce) {
  auto rule = tlsRule("below", "a.example");
  rule.hosts.push_back("b.example");
  EXPECT_THAT(rulesAfter(mesh().add(rule)), ElementsAre("default/below"));
}

TEST_F(TlsWildcards, RulesAboutOtherNamesDoNotConcernThem) {
  rulesAfter(mesh());
  const auto before = route("*.example");
  EXPECT_THAT(rulesAfter(mesh().add(tlsRule("other", "a.test"))), IsEmpty());
  EXPECT_EQ(route("*.example"), before);
  EXPECT_EQ(route("*.test")->l4_rules.size(), 1U);
}

}  // namespace
}  // namespace sluice::routing
