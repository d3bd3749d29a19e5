// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <array>
#include <map>
#include <random>

#include "tests/unit/routing/random_mesh.h"
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

constexpr const char* kCatalogHost = "catalog.shop.svc.cluster.local";

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

Mesh catalogAndOther() {
  Mesh mesh;
  mesh.add(serviceIn("shop", "catalog", "10.96.0.10"))
      .add(serviceIn("shop", "other", "10.96.0.11"))
      .add(pod("one", "10.1.1.1", {{"version", "v1"}}))
      .add(sliceOf("catalog", {endpointOf("one", "10.1.1.1"), endpointOf("two", "10.1.1.2")}));
  return mesh;
}

TEST(RegistryUpdate, WithoutAChangeEverythingStays) {
  auto mesh = catalogAndOther();
  Following following(mesh);
  EXPECT_THAT(following.follow(), IsEmpty());
}

TEST(RegistryUpdate, AnEndpointAppearsWithItsPod) {
  auto mesh = catalogAndOther();
  Following following(mesh);
  const auto* other = following.registry().find("other.shop.svc.cluster.local");
  mesh.add(pod("two", "10.1.1.2"));
  EXPECT_THAT(following.follow(), ElementsAre(kCatalogHost));
  EXPECT_THAT(endpointsOf(following.registry().find(kCatalogHost)->ports[0]),
              ElementsAre("10.1.1.1:8080", "10.1.1.2:8080"));
  EXPECT_EQ(following.registry().find("other.shop.svc.cluster.local"), other);
}

TEST(RegistryUpdate, WhatDoesNotConcernAServiceLeavesItAlone) {
  auto mesh = catalogAndOther();
  Following following(mesh);
  auto busy = pod("one", "10.1.1.1", {{"version", "v1"}});
  busy.metadata.annotations["seen"] = "yes";
  mesh.snapshot.pods.edit()[0] = std::make_shared<const Pod>(busy);
  EXPECT_THAT(following.follow(), IsEmpty());
}

TEST(RegistryUpdate, ANodesZoneReachesItsPodsServices) {
  auto mesh = catalogAndOther();
  mesh.snapshot.pods.clear();
  mesh.add(pod("one", "10.1.1.1", {}, "node-a"));
  Following following(mesh);
  mesh.add(test::node("node-a", "eu", "a"));
  EXPECT_THAT(following.follow(), ElementsAre(kCatalogHost));
  const auto& endpoint = following.registry().find(kCatalogHost)->ports[0].endpoints[0];
  EXPECT_EQ(endpoint.origin->locality, "eu/a");
}

TEST(RegistryUpdate, TheMeshsDefaultsReachAllServices) {
  auto mesh = catalogAndOther();
  Following following(mesh);
  mesh.snapshot.agent.default_service_export_to = {"."};
  EXPECT_EQ(following.follow().size(), 2U);
  EXPECT_EQ(following.registry().find(kCatalogHost, "other"), nullptr);
}

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
    std::mt19937 random(seed);
    test::RandomMesh mesh;
    Snapshot last = mesh.snapshot();
    Everything followed(last);
    for (int update = 0; update < 60; ++update) {
      for (uint32_t steps = 1 + seed % 4; steps > 0; --steps)
        mesh.step(static_cast<uint32_t>(random()));
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
