// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/rollout.h"

#include <arpa/inet.h>

#include "tests/unit/agent/rollout_fixture.h"
#include "userspace/agent/proxy_config.h"
#include "userspace/model/codes.h"
#include "userspace/routing/resolve.h"

namespace sluice::agent {
namespace {

TEST_F(RolloutTest, NobodyIsSentAnywhereBeforeEveryWorkerKnowsTheRoute) {
  rollout_.apply(snapshot(routedTo("v1"), 1));
  EXPECT_EQ(services(), 0u);
  EXPECT_EQ(rollout_.status().revision, 0u);
  bool settled = false;
  rollout_.whenSettled([&] { settled = true; });
  EXPECT_FALSE(settled);
  fleet_.acknowledge();
  EXPECT_EQ(services(), 1u);
  EXPECT_EQ(rollout_.status().revision, 1u);
  EXPECT_TRUE(rollout_.status().last_success);
  EXPECT_TRUE(settled);
}

TEST_F(RolloutTest, ConfigurationCarriesTheNumbersThatTheKernelHas) {
  applyNow(snapshot(routedTo("v2"), 1));
  const auto& config = *fleet_.configs.at(0);
  ASSERT_EQ(config.routes.size(), 1u);
  const auto& route = *config.routes.begin()->second;
  ASSERT_EQ(route.rules->size(), 2u);
  ASSERT_EQ(route.rules->at(0).destinations.size(), 1u);
  const auto& endpoints = route.rules->at(0).destinations[0].endpoints;
  ASSERT_EQ(endpoints.size(), 1u);
  EXPECT_EQ(endpoints[0].address.text(), "10.1.0.3:8080");
  const auto in_kernel = maps::View<Table::kEndpoints>(data_plane_).get(endpoints[0].id.value);
  ASSERT_TRUE(in_kernel.ok());
  EXPECT_EQ(ntohs(in_kernel->port), 8080);
  const auto head = maps::View<Table::kRoutes>(data_plane_).get(route.id.value);
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->via, ROUTE_VIA_PROXY);
  EXPECT_EQ(head->service, config.routes.begin()->first.first.value);
  EXPECT_EQ(route.rules->at(1).choice.size(), 1u);
}

TEST_F(RolloutTest, WhatTheProxyHasOfOtherServicesStaysTheSameObject) {
  applyNow(snapshot(routedTo("v2"), 1));
  auto more = routedTo("v2");
  more.add(test::service("other", {"10.96.0.11"}));
  applyNow(snapshot(std::move(more), 2));
  applyNow(snapshot(routedTo("v1"), 3));
  const auto route_in = [](const auto& config) { return config->routes.begin()->second; };
  const auto& configs = fleet_.configs;
  ASSERT_EQ(configs.size(), 6u) << "two of each revision";
  EXPECT_EQ(configs[2]->routes.size(), 2u);
  EXPECT_EQ(route_in(configs[2]), route_in(configs[0]));
  EXPECT_NE(route_in(configs[4]), route_in(configs[2]));
}

/// Fails closed: a rule that asks for TLS must not make the proxy send plain text.
TEST_F(RolloutTest, NothingIsSentUnencryptedWhereARuleAsksForTls) {
  World world;
  world.add(test::service("plain", {"10.96.0.10"}))
      .addEndpoint("plain", "10.1.0.1", {})
      .add(test::tlsTo(meta("plain"), "plain"));
  applyNow(snapshot(world, 1));
  const auto& config = *fleet_.configs.at(0);
  ASSERT_EQ(config.routes.size(), 1u);
  const auto& route = *config.routes.begin()->second;
  EXPECT_EQ(route.route->path, routing::Path::kProxy);
  EXPECT_NE(route.rules->at(0).destinations.at(0).tls, nullptr);
  EXPECT_NE(route.plain.destinations.at(0).tls, nullptr);
  auto rule = test::tlsTo(meta("plain"), "plain");
  rule.traffic_policy->tls->credential_name = "a-secret";
  world.snapshot.destination_rules.clear();
  applyNow(snapshot(world.add(std::move(rule)), 2));
  const auto& refusing = *fleet_.configs.back()->routes.begin()->second;
  EXPECT_EQ(refusing.rules->at(0).destinations.at(0).cluster, nullptr);
  EXPECT_EQ(refusing.plain.destinations.at(0).cluster, nullptr);
}

TEST_F(RolloutTest, NewestOfSeveralComesNextAndTheOthersNever) {
  rollout_.apply(snapshot(routedTo("v1"), 1));
  rollout_.apply(snapshot(routedTo("v2"), 2));
  rollout_.apply(snapshot(routedTo("v1"), 3));
  bool settled = false;
  rollout_.whenSettled([&] { settled = true; });
  fleet_.acknowledge();
  EXPECT_EQ(rollout_.status().revision, 1u);
  EXPECT_FALSE(settled) << "the newest is not in force yet";
  fleet_.acknowledge();
  EXPECT_EQ(rollout_.status().revision, 3u);
  EXPECT_TRUE(settled);
}

TEST_F(RolloutTest, RuleThatLostItsSubsetStaysInForceAndIsShown) {
  applyNow(snapshot(routedTo("v1"), 1));
  applyNow(snapshot(routedTo("v9"), 2));
  EXPECT_EQ(rollout_.status().revision, 2u);
  ASSERT_EQ(rollout_.status().held.size(), 1u);
  EXPECT_EQ(rollout_.status().held[0].resource, "VirtualService/default/product-api");
  const auto& rules = rollout_.routing()->tables.at({}).services.begin()->second->rules;
  EXPECT_EQ(rules->at(1).destinations.at(0).key.subset, "v1");
  applyNow(snapshot(routedTo("v2"), 3));
  EXPECT_TRUE(rollout_.status().held.empty());
}

TEST_F(RolloutTest, WhatIsHeldBackStaysKnownWhenItIsTriedAgain) {
  applyNow(snapshot(routedTo("v1"), 1));
  rollout_.apply(snapshot(routedTo("v9"), 2));
  data_plane_.failAfter(0, Error(Error::Code::kSystem, "bpf: out of memory"));
  fleet_.acknowledge();
  ASSERT_TRUE(rollout_.status().problem);
  pass(Rollout::kRetry);
  fleet_.acknowledge();
  fleet_.acknowledge();
  EXPECT_EQ(rollout_.status().revision, 2u);
  EXPECT_EQ(rollout_.status().held.size(), 1u);
}

/// 4,000 ports, each with 600 rules, come at once.
TEST_F(RolloutTest, WhatMultipliesToTooMuchKeepsItsLastVersionAndIsShown) {
  applyNow(snapshot(routedTo("v1"), 1));
  auto larger = routedTo("v2");
  auto service = std::make_shared<Service>(*larger.snapshot.services[0]);
  service->ports.resize(4000, service->ports.at(0));
  for (size_t i = 0; i < service->ports.size(); ++i)
    service->ports[i].port = static_cast<uint16_t>(80 + i);
  larger.snapshot.services.edit()[0] = service;
  auto rules = std::make_shared<VirtualService>(*larger.snapshot.virtual_services[0]);
  rules->http.insert(rules->http.begin(), 600, rules->http.at(0));
  larger.snapshot.virtual_services.edit()[0] = rules;
  applyNow(snapshot(larger, 2));
  EXPECT_EQ(rollout_.status().revision, 2u);
  ASSERT_EQ(rollout_.status().held.size(), 1u);
  EXPECT_EQ(rollout_.status().held[0].resource, "Service/default/product-api");
  EXPECT_EQ(rollout_.status().held[0].code, code::kProduct);
  const auto& services = rollout_.routing()->tables.at({}).services;
  EXPECT_EQ(services.size(), 1u);
  EXPECT_GT(services.begin()->second->rules->size(), 600u);
}

TEST_F(RolloutTest, FailureIsShownKeepsWhatIsAndIsTriedAgain) {
  applyNow(snapshot(routedTo("v1"), 1));
  data_plane_.failAfter(0, Error(Error::Code::kSystem, "bpf: out of memory"));
  rollout_.apply(snapshot(routedTo("v2"), 2));
  ASSERT_TRUE(rollout_.status().problem);
  EXPECT_NE(rollout_.status().problem->message().find("out of memory"), std::string::npos);
  EXPECT_EQ(rollout_.status().revision, 1u);
  pass(Rollout::kRetry);
  fleet_.acknowledge();
  fleet_.acknowledge();
  EXPECT_EQ(rollout_.status().revision, 2u);
  EXPECT_FALSE(rollout_.status().problem);
}

TEST_F(RolloutTest, AFailureIsToldAsLongAsNothingIsInForce) {
  int told = 0;
  rollout_.onNothing([&] { ++told; });
  data_plane_.failAfter(0, Error(Error::Code::kSystem, "bpf: out of memory"));
  rollout_.apply(snapshot(routedTo("v1"), 1));
  EXPECT_EQ(told, 1);
  rollout_.unreadable();
  EXPECT_EQ(told, 2);
  pass(Rollout::kRetry);
  fleet_.acknowledge();
  fleet_.acknowledge();
  ASSERT_EQ(rollout_.status().revision, 1u);
  data_plane_.failAfter(0, Error(Error::Code::kSystem, "bpf: out of memory"));
  rollout_.apply(snapshot(routedTo("v2"), 2));
  rollout_.unreadable();
  EXPECT_EQ(told, 2);
}

TEST_F(RolloutTest, WorkloadIsSteeredOnlyWhenItsListenersAreHeard) {
  rollout_.enrolled(web_, "default/web", enrolledAt(7));
  EXPECT_FALSE(record().ok());
  EXPECT_TRUE(fleet_.listening.empty()) << "workers without a configuration answer 404";
  applyNow(snapshot(routedTo("v1"), 1));
  EXPECT_EQ(fleet_.listening, std::vector{web_});
  ASSERT_TRUE(record().ok());
  EXPECT_EQ(ntohs(record()->listener4), 7);
  EXPECT_EQ(ntohs(record()->alive), 3);
  EXPECT_EQ(record()->netns_cookie, 9u);
}

TEST_F(RolloutTest, WorkloadThatCannotBeHeardIsTriedAgain) {
  applyNow(snapshot(routedTo("v1"), 1));
  fleet_.refuse = true;
  rollout_.enrolled(web_, "default/web", enrolledAt(7));
  EXPECT_FALSE(record().ok());
  fleet_.refuse = false;
  pass(Rollout::kRetirePeriod);
  EXPECT_TRUE(record().ok());
}

TEST_F(RolloutTest, WorkloadsThatAreGoneAreNotSteered) {
  applyNow(snapshot(routedTo("v1"), 1));
  rollout_.enrolled(web_, "default/web", enrolledAt(7));
  ASSERT_TRUE(record().ok());
  rollout_.gone(web_);
  EXPECT_FALSE(record().ok());
  EXPECT_TRUE(fleet_.listening.empty());
}

TEST_F(RolloutTest, RecordsOfAnEarlierAgentGoWithTheFirstConfiguration) {
  const WorkloadId old{77};
  ASSERT_TRUE(steering_->setWorkload(old, workload{}).ok());
  applyNow(snapshot(routedTo("v1"), 1));
  EXPECT_FALSE(maps::View<Table::kWorkloads>(data_plane_).get(old.value).ok());
}

TEST_F(RolloutTest, ClassFollowsTheRules) {
  applyNow(snapshot(routedTo("v1"), 1));
  rollout_.enrolled(web_, "default/web", enrolledAt(7));
  EXPECT_EQ(record()->client_class, 0u);
  auto world = test::productApi();
  world.add(test::workload("web", "default", {{"app", "web"}}));
  auto match = header("user-group", exact("beta"));
  match.source_labels["app"] = "web";
  world.add(test::virtualService(meta("product-api"), {"product-api"},
                                 {test::route({test::to("product-api", "v2")}, {match}),
                                  test::route({test::to("product-api", "v1")})}));
  applyNow(snapshot(std::move(world), 2));
  const auto client_class = fleet_.configs.back()->workloads.at(web_).client_class;
  EXPECT_NE(client_class.value, 0u);
  EXPECT_EQ(record()->client_class, client_class.value);
}

TEST_F(RolloutTest, RevisionIsInTheKernel) {
  applyNow(snapshot(routedTo("v1"), 4));
  const auto record = maps::View<Table::kControl>(data_plane_).get(0);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->revision, 4u);
  EXPECT_EQ(record->schema, static_cast<uint32_t>(SLUICE_SCHEMA));
}

TEST_F(RolloutTest, TheFirstPublicationWaitsUntilItMay) {
  std::function<void()> go;
  int asked = 0;
  rollout_.beforeFirst([&](std::function<void()> may) {
    ++asked;
    go = std::move(may);
  });
  int first = 0;
  rollout_.onFirst([&] { ++first; });
  applyNow(snapshot(routedTo("v1"), 1));
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(services(), 0u);
  EXPECT_EQ(first, 0);
  go();
  EXPECT_EQ(services(), 1u);
  EXPECT_EQ(first, 1);
  applyNow(snapshot(routedTo("v2"), 2));
  EXPECT_EQ(rollout_.status().revision, 2u);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(first, 1);
}

TEST_F(RolloutTest, TellsWhenConnectionsMayHaveLostTheirRoute) {
  int told = 0;
  rollout_.onRerouted([&] { ++told; });
  applyNow(snapshot(routedTo("v1"), 1));
  EXPECT_EQ(told, 1) << "what an earlier agent left undone is not known";
  applyNow(snapshot(routedTo("v1"), 2));
  EXPECT_EQ(told, 1);
  applyNow(snapshot(routedTo("v2"), 3));
  EXPECT_EQ(told, 2);
  rollout_.enrolled(web_, "default/web", enrolledAt(7));
  EXPECT_EQ(told, 3) << "nobody has looked there yet";
}

}  // namespace
}  // namespace sluice::agent
