// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/status_view.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "userspace/model/codes.h"
#include "userspace/observe/version.h"

namespace sluice::agent {
namespace {

using observe::Json;
using source::ResourceStatus;

Json diagnosticView(const Diagnostic& diagnostic) {
  return {{"code", diagnostic.code},          {"level", levelName(diagnostic.level)},
          {"resource", diagnostic.resource},  {"file", diagnostic.position.file.text()},
          {"line", diagnostic.position.line}, {"column", diagnostic.position.column},
          {"field", diagnostic.field},        {"message", diagnostic.message},
          {"hint", diagnostic.hint}};
}

Json diagnosticViews(const Diagnostics& diagnostics) {
  Json views = Json::array();
  for (const auto& diagnostic : diagnostics) views.push_back(diagnosticView(diagnostic));
  return views;
}

Json resourceView(const ResourceStatus& status) {
  return {{"resource", status.kind + "/" + status.namespace_ + "/" + status.name},
          {"state", source::stateName(status.state)},
          {"file", status.position.file.text()},
          {"line", status.position.line},
          {"column", status.position.column},
          {"diagnostics", diagnosticViews(status.diagnostics)}};
}

/// What is wrong with a file and not with a resource of it.
Diagnostics ofFiles(const source::ResourceStore& store) {
  Diagnostics found;
  for (const auto& diagnostic : store.diagnostics())
    if (diagnostic.resource.empty()) found.push_back(diagnostic);
  return found;
}

const char* stateName(Enroller::State state) {
  switch (state) {
    case Enroller::State::kEnrolled:
      return "enrolled";
    case Enroller::State::kRetrying:
      return "retrying";
    case Enroller::State::kLeftAlone:
      return "leftAlone";
    case Enroller::State::kFirstAttempt:
      break;
  }
  return "enrolling";
}

Json problemView(const std::optional<Error>& problem) {
  if (!problem) return nullptr;
  return {{"message", problem->message()}, {"hint", problem->hint()}};
}

Json refusedViews(const std::vector<steering::Refusal>& refused) {
  Json views = Json::array();
  for (const auto& [service, error, key] : refused)
    views.push_back({{"service", service}, {"message", error.message()}, {"hint", error.hint()}});
  return views;
}

Json heldViews(const std::vector<routing::HeldBack>& held) {
  Json views = Json::array();
  for (const auto& [resource, why, code] : held) {
    const auto* info = findCode(code);
    views.push_back({{"resource", resource},
                     {"message", why},
                     {"code", code},
                     {"hint", info ? std::string(info->remedy) : std::string()}});
  }
  return views;
}

Json unusableViews(const std::vector<tls::Unusable>& unusable) {
  Json views = Json::array();
  for (const auto& [policy, why] : unusable)
    views.push_back({{"policy", policy}, {"message", why.message()}, {"hint", why.hint()}});
  return views;
}

Json nameViews(const std::map<std::string, resolve::NameState>& names) {
  Json views = Json::array();
  for (const auto& [name, state] : names) {
    Json addresses = Json::array();
    for (const auto& ip : state.addresses) addresses.push_back(ip.text());
    views.push_back({{"name", name},
                     {"addresses", std::move(addresses)},
                     {"problem", resolve::problemOf(state)}});
  }
  return views;
}

Json timeView(const std::optional<std::chrono::system_clock::time_point>& time) {
  if (!time) return nullptr;
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(*time)));
}

template <typename List, typename View>
Json listView(const List& list, const View& view) {
  Json views = Json::array();
  for (const auto& item : list) views.push_back(view(item));
  return views;
}

Json neighbourView(const Neighbour& neighbour) {
  const auto& kind = *findCode(neighbour.code);
  return {{"code", neighbour.code},
          {"level", levelName(kind.level)},
          {"who", neighbour.who},
          {"message", kind.says},
          {"hint", kind.remedy}};
}

}  // namespace

Json workloadView(const Enroller::Status& status) {
  const auto& workload = *status.workload;
  return {{"namespace", workload.metadata.namespace_},
          {"name", workload.metadata.name},
          {"id", fmt::format("{:016x}", status.id.value)},
          {"state", stateName(status.state)},
          {"cgroup", workload.cgroup},
          {"networkNamespace", workload.network_namespace},
          {"listener4Port", status.listener4_port},
          {"listener6Port", status.listener6_port},
          {"message", status.failure ? status.failure->message() : ""},
          {"hint", status.failure ? status.failure->hint() : ""},
          {"neighbours", listView(status.neighbours, neighbourView)}};
}

size_t countEnrolled(std::span<const Enroller::Status> workloads) {
  return static_cast<size_t>(
      std::count_if(workloads.begin(), workloads.end(),
                    [](const auto& status) { return status.state == Enroller::State::kEnrolled; }));
}

std::map<std::string, size_t> countNeighbours(std::span<const Enroller::Status> workloads) {
  std::map<std::string, size_t> counts;
  for (const auto& kind : codes())
    if (isOfNeighbours(kind.code)) counts[std::string(kind.code)] = 0;
  for (const auto& workload : workloads)
    for (const auto& neighbour : workload.neighbours) ++counts[neighbour.code];
  return counts;
}

Json statusView(const StatusFacts& facts) {
  const auto enrolled = countEnrolled(facts.workloads);
  const auto resources = facts.store.counts();
  return {{"apiVersion", observe::kApiVersion},
          {"kind", "Status"},
          {"version", observe::version()},
          {"brokerPid", facts.broker},
          {"agentPid", facts.agent},
          {"revision", facts.rollout.revision},
          {"lastSuccess", timeView(facts.rollout.last_success)},
          {"directory", facts.directory},
          {"problem", problemView(facts.rollout.problem)},
          {"refusedServices", refusedViews(facts.rollout.refused)},
          {"heldBack", heldViews(facts.rollout.held)},
          {"unusableTls", unusableViews(facts.rollout.unusable)},
          {"names", nameViews(facts.names)},
          {"resourceCount", resources.all},
          {"rejectedResources", resources.not_active},
          {"unreadableFiles", facts.store.unreadableFiles()},
          {"fileDiagnostics", diagnosticViews(ofFiles(facts.store))},
          {"resources", listView(facts.store.notable(), resourceView)},
          {"workloadsEnrolled", enrolled},
          {"workloadsPending", facts.workloads.size() - enrolled},
          {"workloads", listView(facts.workloads, workloadView)}};
}

}  // namespace sluice::agent
