// SPDX-License-Identifier: Apache-2.0
// Names that DNS resolves, from the configuration to what the proxy and the kernel go by.
#include <gmock/gmock.h>

#include "tests/unit/agent/rollout_fixture.h"
#include "userspace/agent/explained_names.h"

namespace sluice::agent {
namespace {

using test::ip;
using testing::ElementsAre;
using testing::IsEmpty;

class RolloutNames : public RolloutTest {
 protected:
  static std::shared_ptr<const Snapshot> partner(uint64_t revision) {
    ServiceEntry entry;
    entry.metadata = meta("partner");
    entry.hosts = {"partner.test"};
    entry.addresses = {"10.96.0.9"};
    entry.ports = {{.number = 80, .protocol = "HTTP", .name = "http", .target_port = {}}};
    entry.resolution = ServiceEntry::Resolution::kDns;
    World world;
    world.add(std::move(entry));
    return snapshot(std::move(world), revision);
  }

  /// Until the workers have their next configuration, and all go by it.
  void bringIn() {
    runUntil(*reactor_, [&] { return !fleet_.waiting.empty(); });
    fleet_.acknowledge();
    fleet_.acknowledge();
  }

  void bringIn(const std::shared_ptr<const Snapshot>& next) {
    rollout_.apply(next);
    bringIn();
  }

  std::vector<std::string> endpoints() const {
    std::vector<std::string> found;
    const auto& services = rollout_.routing()->tables.at(ClientClass{}).services;
    const auto* route = services.find({"partner.test", 80});
    if (route == nullptr) return found;
    for (const auto& endpoint : (*route)->plain->endpoints)
      found.push_back(endpoint.address.text());
    return found;
  }
};

TEST_F(RolloutNames, NewNamesAreLookedUpBeforeWhatNeedsThemIsInForce) {
  dns_.zone["partner.test"] = {{ip("10.0.0.1"), ip("10.0.0.2")}};
  dns_.holds = true;
  rollout_.apply(partner(1));
  runUntil(*reactor_, [&] { return dns_.queries["partner.test"] == 1; });
  EXPECT_THAT(fleet_.configs, IsEmpty());
  dns_.release();
  bringIn();
  EXPECT_EQ(rollout_.status().revision, 1u);
  EXPECT_THAT(endpoints(), ElementsAre("10.0.0.1:80", "10.0.0.2:80"));
  EXPECT_EQ(services(), 1u);
}

TEST_F(RolloutNames, AddressesThatChangeComeIntoForceByThemselves) {
  dns_.zone["partner.test"] = {{ip("10.0.0.1")}, 5};
  bringIn(partner(1));
  dns_.zone["partner.test"].addresses = {ip("10.0.0.7")};
  clock_.advance(6s);
  bringIn();
  EXPECT_THAT(endpoints(), ElementsAre("10.0.0.7:80"));
  EXPECT_EQ(rollout_.status().revision, 1u);
}

TEST_F(RolloutNames, AnAnswerDuringARolloutFollowsIt) {
  dns_.zone["partner.test"] = {{ip("10.0.0.1")}, 5};
  bringIn(partner(1));
  rollout_.apply(partner(2));  // the workers are not ready yet
  dns_.zone["partner.test"].addresses = {ip("10.0.0.7")};
  clock_.advance(6s);
  runUntil(*reactor_, [&] { return rollout_.names().counters().answered == 2; });
  fleet_.acknowledge();
  bringIn();
  EXPECT_THAT(endpoints(), ElementsAre("10.0.0.7:80"));
  EXPECT_EQ(rollout_.status().revision, 2u);
}

TEST_F(RolloutNames, AServerThatIsSilentHoldsUpASecond) {
  dns_.zone["partner.test"] = {.silent = true};
  rollout_.apply(partner(1));
  runUntil(*reactor_, [&] { return dns_.queries["partner.test"] == 1; });
  clock_.advance(resolve::Names::kPatience);
  bringIn();
  EXPECT_EQ(rollout_.status().revision, 1u);
  EXPECT_THAT(endpoints(), IsEmpty());
}

TEST_F(RolloutNames, ExplainSaysWhyThereIsNobody) {
  bringIn(partner(1));  // a name that does not exist
  routing::ExplainRequest call{.from = "", .host = "partner.test", .names_are_resolved = true};
  auto explanation = *routing::explain(*rollout_.routing(), call);
  EXPECT_EQ(explanation.action, routing::Action::kNoEndpoints);
  warnOfNames(rollout_.names().states(), explanation);
  EXPECT_THAT(
      explanation.warnings,
      testing::Contains("partner.test cannot be resolved: DNS has no address of this name"));
}

}  // namespace
}  // namespace sluice::agent
