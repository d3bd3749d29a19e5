// SPDX-License-Identifier: Apache-2.0
#include "tests/support/lab_cli/state.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/support/files.h"

namespace sluice::test {
namespace {

std::filesystem::path fileIn(const std::filesystem::path& directory) {
  return directory / "lab.json";
}

nlohmann::json toJson(const Place& place) {
  return {{"name", place.name},
          {"networkNamespace", place.network_namespace},
          {"cgroup", place.cgroup},
          {"cgroupDirectory", place.cgroup_directory},
          {"hostsFile", place.hosts_file}};
}

Place placeFrom(const nlohmann::json& json) {
  Place place;
  place.name = json.value("name", "");
  place.network_namespace = json.value("networkNamespace", "");
  place.cgroup = json.value("cgroup", "");
  place.cgroup_directory = json.value("cgroupDirectory", "");
  place.hosts_file = json.value("hostsFile", "");
  return place;
}

}  // namespace

LabState stateOf(const Lab& lab) {
  return {.keeper = getpid(),
          .directory = lab.directory(),
          .config = lab.configDirectory(),
          .bpffs = lab.bpffs(),
          .socket = lab.adminSocket(),
          .hosts = lab.hosts()};
}

Result<void> saveState(const std::filesystem::path& directory, const LabState& state) {
  nlohmann::json json = {{"keeper", state.keeper}, {"directory", state.directory},
                         {"config", state.config}, {"bpffs", state.bpffs},
                         {"socket", state.socket}, {"hosts", nlohmann::json::array()}};
  for (const auto& host : state.hosts) json["hosts"].push_back(toJson(host));
  return replaceFile(fileIn(directory), json.dump(2) + "\n");
}

Result<LabState> loadState(const std::filesystem::path& directory) {
  auto text = readFile(fileIn(directory));
  if (!text)
    return Error(Error::Code::kNotFound, "no lab is up in " + directory.string(),
                 "bring one up with: lab up --state " + directory.string());
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object())
    return Error(Error::Code::kInvalid, "broken state in " + directory.string());
  LabState state;
  state.keeper = json.value("keeper", 0);
  state.directory = json.value("directory", "");
  state.config = json.value("config", "");
  state.bpffs = json.value("bpffs", "");
  state.socket = json.value("socket", "");
  for (const auto& host : json.value("hosts", nlohmann::json::array()))
    state.hosts.push_back(placeFrom(host));
  return state;
}

void removeState(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::remove(fileIn(directory), error);
  // The directory too, if it is ours alone; a directory with other files stays.
  std::filesystem::remove(directory, error);
}

}  // namespace sluice::test
