// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/proxy/arena.h"

#include <fmt/format.h>

#include "tests/bench/proxy/rules.h"
#include "tests/bench/proxy/servers.h"
#include "tests/support/files.h"

namespace sluice::test {

namespace {

constexpr const char* kNode = "node";

std::string podName(int index) { return fmt::format("pod-{}", index + 1); }

std::vector<std::string> podNames() {
  std::vector<std::string> names;
  names.reserve(kPods);
  for (int i = 0; i < kPods; ++i) names.push_back(podName(i));
  return names;
}

IpAddress loopback() { return *IpAddress::parse("127.0.0.1"); }

/// Broker and agent: what both need is what Sluice needs.
Result<std::vector<pid_t>> pidsOf(const SluicedProcess& sluiced) {
  auto status = sluiced.status();
  if (!status) return std::move(status).error();
  return std::vector<pid_t>{status->value("brokerPid", 0), status->value("agentPid", 0)};
}

}  // namespace

Result<std::unique_ptr<Arena>> Arena::start(std::string envoy) {
  auto hosts = podNames();
  hosts.insert(hosts.end(), {kNode, kHostOfV1, kHostOfV2});
  auto lab = Lab::create(hosts);
  if (!lab) return std::move(lab).error();
  std::unique_ptr<Arena> arena(new Arena(*std::move(lab), std::move(envoy)));
  SLUICE_TRY(arena->startAll());
  return arena;
}

Result<void> Arena::startAll() {
  SLUICE_TRY(writeLoadFiles(lab_.directory(), {}));
  auto servers = startServers(lab_);
  if (!servers) return std::move(servers).error();
  servers_ = *std::move(servers);
  SLUICE_TRY(writeFile(lab_.configDirectory() / "bench.yaml", sluiceRules(lab_, podNames())));
  auto sluiced = SluicedProcess::start(lab_, {"--workers", "2", "--log-level", "warn"});
  if (!sluiced) return std::move(sluiced).error();
  sluiced_ = std::make_unique<SluicedProcess>(*std::move(sluiced));
  auto pids = pidsOf(*sluiced_);
  if (!pids) return std::move(pids).error();
  sluice_pids_ = *std::move(pids);
  return {};
}

Place Arena::unenrolled(const std::string& host) const {
  Place place = lab_.host(host);
  place.cgroup = lab_.host(kNode).cgroup;
  place.cgroup_directory = lab_.host(kNode).cgroup_directory;
  return place;
}

Contender Arena::sluice(const SocketAddress& service, int clients) const {
  Contender contender{"sluice", {}, sluice_pids_};
  for (int i = 0; i < clients; ++i) contender.targets.push_back({lab_.host(podName(i)), service});
  return contender;
}

Result<void> Arena::startSidecars(int pods) {
  for (int pod = 0; pod < pods; ++pod) {
    auto peers = startPeers(lab_, unenrolled(podName(pod)), loopback(), envoy_);
    if (!peers) return std::move(peers).error();
    sidecars_.push_back(*std::move(peers));
  }
  return {};
}

Result<void> Arena::startOnNode() {
  const Place& node = lab_.host(kNode);
  auto peers = startPeers(lab_, node, node.address4, envoy_);
  if (!peers) return std::move(peers).error();
  on_node_ = *std::move(peers);
  return {};
}

std::vector<Contender> Arena::sidecars(Protocol protocol) const {
  std::vector<Contender> contenders;
  for (size_t kind = 0; kind < sidecars_.front().size(); ++kind) {
    Contender contender{sidecars_.front()[kind].name, {}, {}};
    for (size_t pod = 0; pod < sidecars_.size(); ++pod) {
      const auto& peer = sidecars_[pod][kind];
      contender.targets.push_back(
          {unenrolled(podName(static_cast<int>(pod))), peer.address(protocol)});
      contender.processes.push_back(peer.process.pid());
    }
    contenders.push_back(std::move(contender));
  }
  return contenders;
}

std::vector<Contender> Arena::onNode(Protocol protocol) const {
  std::vector<Contender> contenders;
  for (const auto& peer : on_node_) {
    Contender contender{peer.name, {}, {peer.process.pid()}};
    for (int pod = 0; pod < kPods; ++pod)
      contender.targets.push_back({unenrolled(podName(pod)), peer.address(protocol)});
    contenders.push_back(std::move(contender));
  }
  return contenders;
}

}  // namespace sluice::test
