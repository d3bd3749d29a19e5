// SPDX-License-Identifier: Apache-2.0
#include "tests/support/topology.h"

#include "tests/support/files.h"
#include "tests/support/programs.h"

namespace sluice::test {
namespace {

constexpr auto kLongestStart = std::chrono::seconds(20);

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

std::vector<std::string> hostNames() {
  std::vector<std::string> names = {"node", "web"};
  for (const auto& server : servers()) names.push_back(server.host);
  return names;
}

}  // namespace

IpAddress Topology::productApi4() { return address("10.96.0.10"); }
IpAddress Topology::productApi6() { return address("fd77:0:0:96::10"); }
IpAddress Topology::ratings4() { return address("10.96.0.20"); }
IpAddress Topology::ratings6() { return address("fd77:0:0:96::20"); }

const std::vector<Server>& servers() {
  static const std::vector<Server> kServers = {{"product-api-v1-a", "product-api", "v1"},
                                               {"product-api-v1-b", "product-api", "v1"},
                                               {"product-api-v2", "product-api", "v2"},
                                               {"ratings-v1", "ratings", "v1"}};
  return kServers;
}

Result<Topology> Topology::start() {
  auto lab = Lab::create(hostNames());
  if (!lab) return std::move(lab).error();
  Topology topology(*std::move(lab));
  SLUICE_TRY(topology.addNames());
  SLUICE_TRY(topology.startServers());
  SLUICE_TRY(topology.applyText("registry.yaml", registryYaml(topology.lab_)));
  return topology;
}

Result<void> Topology::addNames() {
  SLUICE_TRY(lab_.addName(productApi4(), "product-api product-api.default.svc.cluster.local"));
  SLUICE_TRY(lab_.addName(productApi6(), "product-api-v6"));
  SLUICE_TRY(lab_.addName(ratings4(), "ratings ratings.default.svc.cluster.local"));
  return lab_.addName(ratings6(), "ratings-v6");
}

Result<void> Topology::startServers() {
  for (const auto& server : servers()) {
    auto process = lab_.spawn(server.host,
                              {programPath("who-server"), "--name", server.host, "--version-label",
                               server.version, "--port", "8080", "--echo-port", "9090"},
                              Output::kPipe);
    if (!process) return std::move(process).error();
    servers_.push_back(*std::move(process));
  }
  for (auto& server : servers_)
    if (auto ready = server.readLine(kLongestStart); !ready)
      return std::move(ready).error().in("start a server");
  return {};
}

Result<void> Topology::apply(const std::string& example, const std::string& name) const {
  auto text = readFile(sourcePath("examples/" + example));
  if (!text) return std::move(text).error();
  return applyText(name, *text);
}

Result<void> Topology::applyText(const std::string& name, const std::string& text) const {
  return replaceFile(lab_.configDirectory() / name, text);
}

}  // namespace sluice::test
