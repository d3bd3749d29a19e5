// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "tests/unit/routing/mesh_fixture.h"
#include "userspace/routing/topology.h"

namespace sluice::routing {
namespace {

using test::endpointOf;
using test::endpointsOf;
using test::Mesh;
using test::meta;
using test::pod;
using test::serviceIn;
using test::sliceOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kCatalog = "catalog.shop.svc.cluster.local";

/// A mesh that changes step by step, and a registry that follows.
class Following {
 public:
  explicit Following(Mesh& mesh) : mesh_(mesh), last_(mesh.snapshot), registry_(last_) {}

  /// Takes over what the mesh has become; the hosts that changed.
  std::set<std::string> follow() {
    auto changed = registry_.update(last_, mesh_.snapshot);
    last_ = mesh_.snapshot;
    return changed;
  }

  const Registry& registry() const { return registry_; }

 private:
  Mesh& mesh_;
  Snapshot last_;
  Registry registry_;
};

Mesh catalog() {
  Mesh mesh;
  mesh.add(serviceIn("shop", "catalog", "10.96.0.10"))
      .add(serviceIn("shop", "other", "10.96.0.11"))
      .add(pod("one", "10.1.1.1", {{"version", "v1"}}))
      .add(sliceOf("catalog", {endpointOf("one", "10.1.1.1"), endpointOf("two", "10.1.1.2")}));
  return mesh;
}

TEST(RegistryUpdate, WithoutAChangeEverythingStays) {
  auto mesh = catalog();
  Following following(mesh);
  EXPECT_THAT(following.follow(), IsEmpty());
}

TEST(RegistryUpdate, AnEndpointAppearsWithItsPod) {
  auto mesh = catalog();
  Following following(mesh);
  const auto* other = following.registry().find("other.shop.svc.cluster.local");
  mesh.add(pod("two", "10.1.1.2"));
  EXPECT_THAT(following.follow(), ElementsAre(kCatalog));
  EXPECT_THAT(endpointsOf(following.registry().find(kCatalog)->ports[0]),
              ElementsAre("10.1.1.1:8080", "10.1.1.2:8080"));
  EXPECT_EQ(following.registry().find("other.shop.svc.cluster.local"), other);
}

TEST(RegistryUpdate, WhatDoesNotConcernAServiceLeavesItAlone) {
  auto mesh = catalog();
  Following following(mesh);
  auto busy = pod("one", "10.1.1.1", {{"version", "v1"}});
  busy.metadata.annotations["seen"] = "yes";
  mesh.snapshot.pods[0] = std::make_shared<const Pod>(busy);
  EXPECT_THAT(following.follow(), IsEmpty());
}

TEST(RegistryUpdate, ANodesZoneReachesItsPodsServices) {
  auto mesh = catalog();
  mesh.snapshot.pods.clear();
  mesh.add(pod("one", "10.1.1.1", {}, "node-a"));
  Following following(mesh);
  mesh.add(test::node("node-a", "eu", "a"));
  EXPECT_THAT(following.follow(), ElementsAre(kCatalog));
  const auto& endpoint = following.registry().find(kCatalog)->ports[0].endpoints[0];
  EXPECT_EQ(endpoint.origin->locality, "eu/a");
}

TEST(RegistryUpdate, TheMeshsDefaultsReachAllServices) {
  auto mesh = catalog();
  Following following(mesh);
  mesh.snapshot.agent.default_service_export_to = {"."};
  EXPECT_EQ(following.follow().size(), 2U);
  EXPECT_EQ(following.registry().find(kCatalog, "other"), nullptr);
}

/// Resources of a small world by kind and name, changed at random.
class RandomMesh {
 public:
  explicit RandomMesh(uint32_t seed) : random_(seed) {}

  const Snapshot& snapshot() const { return mesh_.snapshot; }

  void step() {
    auto& snapshot = mesh_.snapshot;
    switch (below(11)) {
      case 0:
        return change(snapshot.services, service());
      case 1:
      case 2:
        return change(snapshot.endpoint_slices, slice());
      case 3:
        return change(snapshot.endpoints, endpoints());
      case 4:
      case 5:
        return change(snapshot.pods, aPod());
      case 6:
        return change(snapshot.nodes, aNode());
      case 7:
        return change(snapshot.service_entries, entry());
      case 8:
        return change(snapshot.workload_entries, workloadEntry());
      case 9:
        return change(snapshot.destination_rules, rule());
      default:
        return changeRarely();
    }
  }

 private:
  uint32_t below(uint32_t count) { return static_cast<uint32_t>(random_() % count); }
  bool chance(uint32_t of) { return below(of) == 0; }
  template <size_t size>
  std::string oneOf(const std::array<const char*, size>& words) {
    return words[below(size)];
  }
  std::string in() { return oneOf<2>({"shop", "other"}); }
  std::string name() { return oneOf<3>({"a", "b", "c"}); }
  std::string version() { return oneOf<2>({"v1", "v2"}); }
  std::string ip() { return "10.0.0." + std::to_string(1 + below(6)); }

  /// The new one takes the place of one of its name, or of nothing; sometimes it goes instead.
  template <typename T>
  void change(Snapshot::List<T>& list, T item) {
    const auto key = item.metadata.key();
    const auto at = std::ranges::lower_bound(
        list, key, {}, [](const auto& present) { return present->metadata.key(); });
    const bool there = at != list.end() && (*at)->metadata.key() == key;
    if (there && chance(3)) {
      list.erase(at);
    } else if (there) {
      *at = std::make_shared<const T>(std::move(item));
    } else {
      list.insert(at, std::make_shared<const T>(std::move(item)));
    }
  }

  void changeRarely() {
    Namespace item;
    item.metadata = meta(in(), "");
    if (chance(2))
      item.metadata.annotations["networking.istio.io/traffic-distribution"] = "PreferClose";
    change(mesh_.snapshot.namespaces, item);
    auto& agent = mesh_.snapshot.agent;
    if (chance(4)) agent.default_service_export_to = std::vector<std::string>(below(2), ".");
    if (chance(4)) agent.default_destination_rule_export_to = agent.default_service_export_to;
    if (chance(4)) agent.root_namespace = in();
    if (chance(8)) agent.cluster_domain = oneOf<2>({"cluster.local", "example.org"});
  }

  Service service() {
    auto service =
        serviceIn(in(), name(), chance(4) ? "None" : "10.96.0." + std::to_string(below(9)));
    service.publish_not_ready_addresses = chance(3);
    if (chance(4)) service.internal_traffic_policy = "Local";
    if (chance(4)) service.metadata.annotations["networking.istio.io/exportTo"] = ".";
    return service;
  }

  SliceEndpoint endpoint() {
    auto endpoint = endpointOf(name(), ip());
    if (chance(3)) endpoint.target_kind = "";
    endpoint.ready = !chance(4);
    endpoint.terminating = chance(2);
    return endpoint;
  }

  EndpointSlice slice() {
    return sliceOf(name(), {endpoint(), endpoint()}, in(), oneOf<2>({"x1", "x2"}));
  }

  Endpoints endpoints() {
    Endpoints result;
    result.metadata = meta(name(), in());
    Endpoints::EndpointSubset subset;
    subset.addresses = {{ip(), "Pod", name(), "", ""}};
    subset.ports = {{"http", 8080, "TCP", ""}};
    result.subsets = {subset};
    return result;
  }

  Pod aPod() {
    auto result = pod(name(), ip(), {{"version", version()}}, "node-" + name(), in());
    result.host_network = chance(5);
    return result;
  }

  Node aNode() { return test::node("node-" + name(), "eu", name()); }

  ServiceEntry entry() {
    ServiceEntry entry;
    entry.metadata = meta(name(), in(), static_cast<int>(1 + below(3)));
    entry.hosts = {chance(4) ? "a.shop.svc.cluster.local" : "api.example"};
    if (chance(3)) entry.hosts.emplace_back("second.example");
    entry.ports = {{80 + below(2), "HTTP", "http", std::nullopt}};
    entry.resolution =
        chance(4) ? ServiceEntry::Resolution::kDns : ServiceEntry::Resolution::kStatic;
    if (chance(3)) entry.export_to = {oneOf<3>({".", "other", "~"})};
    if (chance(2))
      entry.workload_selector = WorkloadSelector{{{"version", version()}}};
    else
      entry.endpoints = {{ip(), {}, {{"version", version()}}, "", "", 0, ""}};
    return entry;
  }

  WorkloadEntry workloadEntry() {
    WorkloadEntry entry;
    entry.metadata = meta(name(), in());
    entry.endpoint.address = ip();
    entry.endpoint.labels = {{"version", version()}};
    return entry;
  }

  DestinationRule rule() {
    auto rule = test::rule(name(), in(), oneOf<3>({"a", "api.example", "*.cluster.local"}),
                           static_cast<int>(1 + below(3)));
    rule.subsets = {{version(), {{"version", version()}}, std::nullopt}};
    if (chance(3)) rule.export_to = {oneOf<3>({".", "other", "*"})};
    if (chance(4)) rule.workload_selector = WorkloadSelector{{{"app", name()}}};
    if (chance(3)) {
      rule.traffic_policy.emplace();
      rule.traffic_policy->outlier_detection.emplace();
    }
    return rule;
  }

  std::mt19937 random_;
  Mesh mesh_;
};

using Services = std::map<std::string, std::vector<RegistryService>>;

/// Everything that follows the changes of a mesh, and what it says.
class Everything {
 public:
  explicit Everything(const Snapshot& snapshot)
      : registry_(snapshot), rules_(snapshot), clusters_(registry_, rules_, snapshot.agent) {}

  std::set<std::string> update(const Snapshot& before, const Snapshot& after) {
    const auto services = registry_.update(before, after);
    clusters_.update(services, rules_.update(before, after), after.agent);
    return services;
  }

  Services services() const {
    Services result;
    for (const auto& [host, service] : registry_.services()) result[host].push_back(service);
    return result;
  }

  Registry::Hosts hosts() const { return registry_.hosts(); }

  /// Of all hosts as some clients see them; null ones among them.
  std::vector<std::shared_ptr<const Cluster>> clusters() {
    const std::array<Client, 4> clients{
        {{},
         {"shop", {{"app", "a"}, {kRegionLabel, "eu"}, {kZoneLabel, "a"}}},
         {"shop", {{"app", "b"}, {kHostnameLabel, "node-b"}}},
         {"other", {{kRegionLabel, "eu"}, {kZoneLabel, "b"}}}}};
    std::vector<std::shared_ptr<const Cluster>> result;
    for (const auto& [host, candidates] : registry_.hosts())
      for (const auto& client : clients)
        for (const uint16_t port : std::to_array<uint16_t>({80, 81}))
          for (const auto* subset : {"", "v1", "v2"})
            result.push_back(clusters_.find({host, port, subset}, client));
    return result;
  }

 private:
  Registry registry_;
  DestinationRules rules_;
  Clusters clusters_;
};

void expectSameServices(const Services& a, const Services& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [host, services] : a) {
    ASSERT_TRUE(b.contains(host)) << host;
    ASSERT_TRUE(services == b.at(host)) << host;
  }
}

void expectSameClusters(Everything& a, Everything& b) {
  const auto of_a = a.clusters();
  const auto of_b = b.clusters();
  ASSERT_EQ(of_a.size(), of_b.size());
  for (size_t i = 0; i < of_a.size(); ++i) {
    ASSERT_EQ(of_a[i] == nullptr, of_b[i] == nullptr);
    if (!of_a[i]) continue;
    ASSERT_EQ(*of_a[i], *of_b[i]) << of_a[i]->key.text();
  }
}

/// Hosts that are not in `changed` have the very same services as before.
void expectOthersKept(const Registry::Hosts& before, const Registry::Hosts& after,
                      const std::set<std::string>& changed) {
  for (const auto& [host, services] : after) {
    if (changed.contains(host)) continue;
    ASSERT_EQ(services, before.at(host)) << host;
  }
  for (const auto& host : changed) {
    const auto was = before.find(host);
    const auto is = after.find(host);
    ASSERT_FALSE(was != before.end() && is != after.end() && was->second == is->second) << host;
  }
}

TEST(RegistryUpdate, AnySequenceOfChangesGivesWhatOneBuildGives) {
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    RandomMesh mesh(seed);
    Snapshot last = mesh.snapshot();
    Everything followed(last);
    for (int update = 0; update < 60; ++update) {
      for (uint32_t steps = 1 + seed % 4; steps > 0; --steps) mesh.step();
      const auto hosts = followed.hosts();
      const auto changed = followed.update(last, mesh.snapshot());
      last = mesh.snapshot();
      ASSERT_NO_FATAL_FAILURE(expectOthersKept(hosts, followed.hosts(), changed));
      Everything fresh(last);
      ASSERT_NO_FATAL_FAILURE(expectSameServices(followed.services(), fresh.services()));
      ASSERT_NO_FATAL_FAILURE(expectSameClusters(followed, fresh));
    }
  }
}

}  // namespace
}  // namespace sluice::routing
