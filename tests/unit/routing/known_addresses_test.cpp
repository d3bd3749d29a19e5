// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/known_addresses.h"

#include <gtest/gtest.h>

#include "tests/unit/routing/builders.h"

namespace sluice::routing {
namespace {

bool knows(const test::World& world, const std::string& ip) {
  return knownAddresses(world.snapshot).contains(*IpAddress::parse(ip));
}

test::World podIn(const std::string& phase) {
  Pod pod;
  pod.metadata.name = "a";
  pod.pod_ips = {"10.1.0.1", "fd00::1"};
  pod.phase = phase;
  test::World world;
  world.add(pod);
  return world;
}

TEST(KnownAddresses, PodsThatHaveEndedDoNotExist) {
  for (const char* phase : {"", "Pending", "Running"}) {
    EXPECT_TRUE(knows(podIn(phase), "10.1.0.1")) << phase;
    EXPECT_TRUE(knows(podIn(phase), "fd00::1")) << phase;
  }
  EXPECT_FALSE(knows(podIn("Succeeded"), "10.1.0.1"));
  EXPECT_FALSE(knows(podIn("Failed"), "10.1.0.1"));
}

TEST(KnownAddresses, EndpointsExistWhileTheyTerminate) {
  SliceEndpoint endpoint;
  endpoint.addresses = {"10.1.0.2"};
  endpoint.ready = false;
  endpoint.terminating = true;
  EndpointSlice slice;
  slice.metadata.name = "a";
  slice.endpoints = {endpoint};
  test::World world;
  world.add(slice);
  EXPECT_TRUE(knows(world, "10.1.0.2"));
  EXPECT_FALSE(knows(world, "10.1.0.3"));
}

}  // namespace
}  // namespace sluice::routing
