// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/status_view.h"

#include <gtest/gtest.h>

#include "userspace/model/codes.h"

namespace sluice::agent {
namespace {

TEST(StatusView, NamesPlacesCountsAndWhatIsPending) {
  source::ResourceStore store;
  store.update(
      {{"fine.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n", std::nullopt},
       {"a.yaml",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
        "metadata: {name: x}\nspec: {hots: [a]}\n",
        std::nullopt},
       {"b.yaml", "a: [", std::nullopt}});
  Rollout::Status rollout;
  rollout.revision = 3;
  rollout.last_success = std::chrono::system_clock::time_point(std::chrono::seconds(1767323045));
  rollout.refused.push_back({"a:80/v4", Error(Error::Code::kExhausted, "full", "fewer")});
  rollout.held.push_back({"VirtualService/default/y", "no such subset"});
  rollout.unusable.push_back({"DestinationRule/default/z",
                              Error(Error::Code::kInvalid, "/ca.pem: is no file", "name one")});
  rollout.held.push_back({"Service/default/z", "multiplies", code::kProduct});
  auto workload = std::make_shared<Workload>();
  workload->metadata.name = "web";
  const std::vector<Enroller::Status> workloads = {{workload,
                                                    {1},
                                                    Enroller::State::kRetrying,
                                                    Error(Error::Code::kNotFound, "no cgroup"),
                                                    0,
                                                    0}};
  const std::string directory = "/etc/sluice";
  const std::map<std::string, resolve::NameState> names = {
      {"a.test", {{*IpAddress::parse("10.0.0.1")}, "timeout", true}}, {"b.test", {}}};
  const auto status = statusView({10, 11, directory, rollout, store, workloads, names});
  EXPECT_EQ(status.at("brokerPid"), 10);
  EXPECT_EQ(status.at("agentPid"), 11);
  EXPECT_EQ(status.at("revision"), 3);
  EXPECT_EQ(status.at("lastSuccess"), "2026-01-02T03:04:05Z");
  EXPECT_EQ(status.at("resourceCount"), 2);
  EXPECT_EQ(status.at("rejectedResources"), 1);
  EXPECT_EQ(status.at("resources").size(), 1U) << "what is well is not told";
  EXPECT_EQ(status.at("unreadableFiles"), observe::Json::array({"b.yaml"}));
  EXPECT_EQ(status.at("fileDiagnostics").at(0).at("file"), "b.yaml");
  EXPECT_EQ(status.at("refusedServices").at(0).at("service"), "a:80/v4");
  const auto& unusable = status.at("unusableTls").at(0);
  EXPECT_EQ(unusable.at("policy"), "DestinationRule/default/z");
  EXPECT_EQ(unusable.at("message"), "/ca.pem: is no file");
  EXPECT_EQ(unusable.at("hint"), "name one");
  EXPECT_EQ(status.at("heldBack").at(0).at("resource"), "VirtualService/default/y");
  EXPECT_EQ(status.at("heldBack").at(0).at("hint"), "");
  EXPECT_EQ(status.at("heldBack").at(1).at("code"), code::kProduct);
  EXPECT_NE(status.at("heldBack").at(1).at("hint"), "");
  EXPECT_EQ(status.at("names").at(0).at("name"), "a.test");
  EXPECT_EQ(status.at("names").at(0).at("addresses"), observe::Json::array({"10.0.0.1"}));
  EXPECT_EQ(status.at("names").at(0).at("problem"), "timeout");
  EXPECT_EQ(status.at("names").at(1).at("problem"), "no answer yet");
  const auto& resource = status.at("resources").at(0);
  EXPECT_EQ(resource.at("resource"), "VirtualService/default/x");
  EXPECT_EQ(resource.at("state"), "rejected");
  EXPECT_EQ(resource.at("diagnostics").at(0).at("line"), 4);
  EXPECT_EQ(status.at("workloadsPending"), 1);
  EXPECT_EQ(status.at("workloads").at(0).at("state"), "retrying");
  EXPECT_EQ(status.at("workloads").at(0).at("message"), "no cgroup");
}

TEST(StatusView, NeighboursAreNamedWithWhatToDo) {
  auto workload = std::make_shared<Workload>();
  workload->metadata.name = "web";
  Enroller::Status alone{workload, {1}, Enroller::State::kLeftAlone, std::nullopt};
  alone.neighbours = {{code::kSidecar, "pilot-agent (pid 7)"}};
  const auto view = workloadView(alone);
  EXPECT_EQ(view.at("state"), "leftAlone");
  const auto& neighbour = view.at("neighbours").at(0);
  EXPECT_EQ(neighbour.at("code"), code::kSidecar);
  EXPECT_EQ(neighbour.at("level"), "error");
  EXPECT_EQ(neighbour.at("who"), "pilot-agent (pid 7)");
  EXPECT_EQ(neighbour.at("message"), findCode(code::kSidecar)->says);
  EXPECT_EQ(neighbour.at("hint"), findCode(code::kSidecar)->remedy);
  const auto counts = countNeighbours(std::vector{alone, alone});
  EXPECT_EQ(counts.at(code::kSidecar), 2u);
  EXPECT_EQ(counts.at(code::kGvisor), 0u);
  EXPECT_FALSE(counts.contains(code::kNoCgroup2));
}

}  // namespace
}  // namespace sluice::agent
