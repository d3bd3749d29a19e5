// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/admission.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "tests/unit/routing/builders.h"
#include "userspace/model/codes.h"

namespace sluice::routing {
namespace {

using test::meta;
using test::World;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

Service portsOf(const std::string& name, uint16_t count) {
  std::vector<std::pair<std::string, uint16_t>> ports;
  for (uint16_t i = 0; i < count; ++i) ports.emplace_back("http", static_cast<uint16_t>(1000 + i));
  return test::service(name, {"10.0.0.1"}, ports);
}

/// Each of its rules weighs 2, and it 2 for its one destination.
VirtualService rulesFor(const std::string& name, const std::string& host, size_t count,
                        int day = 1) {
  return test::virtualService(meta(name, "default", day), {host},
                              std::vector<HttpRoute>(count, test::route({test::to("db")})));
}

auto refused(const std::string& resource, const std::string& fate) {
  return AllOf(Field(&HeldBack::resource, resource), Field(&HeldBack::why, HasSubstr(fate)),
               Field(&HeldBack::code, code::kProduct));
}

/// A limit of 100 for rules times ports, and for selected endpoints.
class AdmissionTest : public testing::Test {
 protected:
  void update(World world) {
    const auto by_key = [](const auto& item) { return item->metadata.key(); };
    std::ranges::sort(world.snapshot.virtual_services.edit(), {}, by_key);
    std::ranges::sort(world.snapshot.service_entries.edit(), {}, by_key);
    std::ranges::sort(world.snapshot.destination_rules.edit(), {}, by_key);
    std::ranges::sort(world.snapshot.workloads.edit(), {}, by_key);
    given_ = std::make_shared<const Snapshot>(std::move(world.snapshot));
    answer_ = admission_.update(given_);
  }

  /// Numbers of rules, by the names of the VirtualServices that are in.
  std::map<std::string, size_t> rules() const {
    std::map<std::string, size_t> result;
    for (const auto& service : answer_.snapshot->virtual_services)
      result[service->metadata.name] = service->http.size();
    return result;
  }

  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : answer_.snapshot->service_entries)
      names.push_back(entry->metadata.name);
    return names;
  }

  Admission admission_{{.rules_times_ports = 100, .selected_endpoints = 100}};
  std::shared_ptr<const Snapshot> given_;
  Consistent answer_;
};

using Rules = std::map<std::string, size_t>;

TEST_F(AdmissionTest, WhatFitsIsLeftAsItIs) {
  update(World().add(portsOf("a", 5)).add(rulesFor("a", "a", 9)));  // 5 * (2 + 18)
  EXPECT_EQ(answer_.snapshot, given_);
  EXPECT_THAT(answer_.held, IsEmpty());
}

TEST_F(AdmissionTest, TheLargestIsRefusedByName) {
  update(World()
             .add(portsOf("a", 5))
             .add(rulesFor("large", "a", 50))
             .add(rulesFor("small", "a", 2))
             .add(rulesFor("elsewhere", "b", 1000)));
  EXPECT_THAT(answer_.held, ElementsAre(refused("VirtualService/default/large",
                                                "540, more than 100; it is left")));
  EXPECT_EQ(rules(), (Rules{{"small", 2}, {"elsewhere", 1000}}));
  EXPECT_EQ(answer_.snapshot->services, given_->services);
}

TEST_F(AdmissionTest, OfEqualOnesTheYoungestIsRefused) {
  auto world = World().add(portsOf("a", 10));
  update(world);
  for (int day : {3, 1, 2})
    world.add(rulesFor("v" + std::to_string(day), "a", 1, day));  // 10 * (2 + 2) each
  update(world);
  EXPECT_THAT(answer_.held, ElementsAre(refused("VirtualService/default/v3", "it is left out")));
}

TEST_F(AdmissionTest, AServiceOfManyPortsIsRefusedLikeARule) {
  World world;
  for (int i = 0; i < 9; ++i) world.add(rulesFor("v" + std::to_string(i), "a", 1));
  update(world.add(portsOf("a", 30)));
  EXPECT_THAT(answer_.held, ElementsAre(refused("Service/default/a", "it is left out")));
  EXPECT_THAT(answer_.snapshot->services, IsEmpty());
  EXPECT_EQ(rules().size(), 9U);
}

TEST_F(AdmissionTest, TheLastVersionStays) {
  update(World().add(portsOf("a", 5)).add(rulesFor("a", "a", 2)).add(rulesFor("b", "a", 1)));
  for (int again = 0; again < 2; ++again) {
    update(World().add(portsOf("a", 5)).add(rulesFor("a", "a", 50)).add(rulesFor("b", "a", 1)));
    EXPECT_THAT(answer_.held,
                ElementsAre(refused("VirtualService/default/a", "last version stays")));
    EXPECT_EQ(rules(), (Rules{{"a", 2}, {"b", 1}}));
  }
}

/// However small it is: what was in force before is not disturbed.
TEST_F(AdmissionTest, WhatWasAdmittedStaysAdmitted) {
  const auto full = World().add(portsOf("a", 5)).add(rulesFor("full", "a", 9));
  update(full);
  update(World(full).add(rulesFor("new", "a", 1)));
  EXPECT_THAT(answer_.held, ElementsAre(refused("VirtualService/default/new", "it is left out")));
  EXPECT_EQ(rules(), (Rules{{"full", 9}}));
}

TEST_F(AdmissionTest, RoomThatIsMadeIsUsed) {
  update(World().add(portsOf("a", 5)).add(rulesFor("full", "a", 9)));
  const auto with_new = World().add(portsOf("a", 5)).add(rulesFor("new", "a", 1));
  update(World(with_new).add(rulesFor("full", "a", 9)));
  ASSERT_THAT(answer_.held, ElementsAre(refused("VirtualService/default/new", "it is left out")));
  update(with_new);
  EXPECT_THAT(answer_.held, IsEmpty());
  EXPECT_EQ(answer_.snapshot, given_);
}

/// A root is charged for what its delegates say.
TEST_F(AdmissionTest, RulesOfDelegatesCount) {
  auto root = test::virtualService(meta("root"), {"a"}, {HttpRoute{}});
  root.http[0].delegate = Delegate{"leaf", ""};
  const auto with_leaf = [&](size_t rules) {
    auto leaf = rulesFor("leaf", "", rules);
    leaf.hosts.clear();
    return World().add(portsOf("a", 5)).add(root).add(leaf);
  };
  update(with_leaf(2));
  EXPECT_THAT(answer_.held, IsEmpty());
  update(with_leaf(40));
  EXPECT_THAT(answer_.held,
              ElementsAre(refused("VirtualService/default/leaf", "its last version stays")));
  EXPECT_EQ(rules(), (Rules{{"leaf", 2}, {"root", 1}}));
}

World withWorkloads(World world, size_t count) {
  for (size_t i = 0; i < count; ++i) world.add(test::workload("w" + std::to_string(i)));
  return world;
}

/// Rules that five labels of clients decide for one port: 17, and 4 for each client beyond the
/// first that may see them in its own way.
World tellingApart() {
  VirtualService service = test::virtualService(meta("apart"), {"a"}, {});
  for (const auto* app : {"a", "b", "c", "d", "e"}) {
    HttpMatchRequest match;
    match.source_labels = {{"app", app}};
    service.http.push_back(test::route({test::to("db")}, {match}));
  }
  return World().add(portsOf("a", 1)).add(service);
}

TEST_F(AdmissionTest, RulesCountForEachClientThatTheyTellApart) {
  update(withWorkloads(tellingApart(), 16));
  EXPECT_THAT(answer_.held, IsEmpty());
  admission_ = Admission{{.rules_times_ports = 100, .selected_endpoints = 100}};
  update(withWorkloads(tellingApart(), 17));
  EXPECT_THAT(answer_.held, ElementsAre(refused("VirtualService/default/apart", "left out")));
}

TEST_F(AdmissionTest, AClientThatComesLaterIsRefused) {
  update(withWorkloads(tellingApart(), 16));
  update(withWorkloads(tellingApart(), 17));
  EXPECT_THAT(answer_.held, ElementsAre(refused("Workload/default/w16", "left out")));
  EXPECT_EQ(rules(), (Rules{{"apart", 5}}));
  EXPECT_EQ(answer_.snapshot->workloads.size(), 16u);
}

/// What some clients do not see at all tells them apart, too.
TEST_F(AdmissionTest, ExportsCount) {
  auto rules = rulesFor("a", "a", 48);
  update(withWorkloads(World().add(portsOf("a", 1)).add(rules), 2));
  EXPECT_THAT(answer_.held, IsEmpty());
  rules.export_to = {"."};
  update(withWorkloads(World().add(portsOf("a", 1)).add(rules), 2));
  EXPECT_THAT(answer_.held, ElementsAre(refused("VirtualService/default/a", "last version stays")));
}

TEST_F(AdmissionTest, SelectorsOfDestinationRulesCountWhereThereAreSeveralClients) {
  auto world = World().add(portsOf("a", 1));
  for (int i = 1; i <= 26; ++i) {
    DestinationRule rule;
    rule.metadata = meta("d" + std::to_string(i), "default", i);
    rule.host = "a";
    rule.workload_selector = WorkloadSelector{{{"app", std::to_string(i)}}};
    world.add(rule);
  }
  update(withWorkloads(world, 1));
  EXPECT_THAT(answer_.held, IsEmpty());
  admission_ = Admission{{.rules_times_ports = 100, .selected_endpoints = 100}};
  update(withWorkloads(world, 2));
  EXPECT_THAT(answer_.held, ElementsAre(refused("DestinationRule/default/d26", "left out")));
  EXPECT_EQ(answer_.snapshot->destination_rules.size(), 25u);
}

TEST_F(AdmissionTest, RulesOfGatewaysDoNotCount) {
  auto gateway = rulesFor("a", "a", 1000);
  gateway.gateways = {"istio-system/public"};
  update(World().add(portsOf("a", 5)).add(gateway));
  EXPECT_THAT(answer_.held, IsEmpty());
}

ServiceEntry selecting(const std::string& host, const std::string& app, size_t ports) {
  auto entry = test::entry(host, "HTTP", 80, {});
  entry.workload_selector = WorkloadSelector{{{"app", app}}};
  for (size_t i = 1; i < ports; ++i) {
    entry.ports.push_back(entry.ports[0]);
    entry.ports[i].number += static_cast<uint32_t>(i);
  }
  return entry;
}

World podsOf(const std::string& app, int count) {
  World world;
  for (int i = 0; i < count; ++i) {
    Pod pod;
    pod.metadata = meta(app + std::to_string(i));
    pod.metadata.labels = {{"app", app}};
    pod.pod_ips = {"10.1.0." + std::to_string(i)};
    world.add(pod);
  }
  return world;
}

TEST_F(AdmissionTest, TheLargestSelectionIsRefusedByName) {
  update(podsOf("web", 20)
             .add(selecting("large", "web", 5))
             .add(selecting("none", "db", 100))
             .add(selecting("small", "web", 1)));
  EXPECT_THAT(answer_.held, ElementsAre(refused("ServiceEntry/default/large",
                                                "100 endpoints, and all selectors together 120")));
  EXPECT_THAT(entries(), ElementsAre("none", "small"));
}

TEST_F(AdmissionTest, TheLastSelectionStays) {
  update(podsOf("web", 20).add(selecting("a", "web", 2)).add(selecting("b", "web", 3)));
  EXPECT_THAT(answer_.held, IsEmpty());
  for (int again = 0; again < 2; ++again) {
    update(podsOf("web", 20).add(selecting("a", "web", 2)).add(selecting("b", "web", 4)));
    EXPECT_THAT(answer_.held, ElementsAre(refused("ServiceEntry/default/b", "last version stays")));
    EXPECT_EQ(answer_.snapshot->service_entries[1]->ports.size(), 3U);
  }
}

TEST_F(AdmissionTest, WorkloadsThatComeCountToo) {
  const auto entry = selecting("a", "web", 5);
  update(podsOf("web", 20).add(entry));
  EXPECT_THAT(answer_.held, IsEmpty());
  update(podsOf("web", 21).add(entry));
  EXPECT_THAT(answer_.held, ElementsAre(refused("ServiceEntry/default/a", "it is left out")));
  update(podsOf("web", 20).add(entry));
  EXPECT_EQ(answer_.snapshot, given_);
}

}  // namespace
}  // namespace sluice::routing
