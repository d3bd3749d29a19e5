// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/runner/case.h"

#include <algorithm>
#include <sstream>

#include "tests/cases/runner/yaml_json.h"
#include "tests/support/files.h"

namespace sluice::test {
namespace {

bool names(const std::string& wanted, const Case& test) {
  return wanted == test.id || std::filesystem::path(wanted + "/").parent_path().filename() ==
                                  std::filesystem::path(test.scenario);
}

bool isWanted(const Case& test, const std::vector<std::string>& wanted) {
  return wanted.empty() ||
         std::ranges::any_of(wanted, [&](const auto& name) { return names(name, test); });
}

Result<void> everyNameIsUsed(const std::vector<std::string>& wanted,
                             const std::vector<Case>& cases) {
  for (const auto& name : wanted)
    if (std::ranges::none_of(cases, [&](const auto& test) { return names(name, test); }))
      return Error(Error::Code::kNotFound, "no case has the scenario or id " + name);
  return {};
}

Case caseOf(const nlohmann::json& entry, const std::string& http_mode) {
  const bool differs = http_mode == "service" && entry.contains("in_service_mode");
  return {scalarText(entry.at("id")), scalarText(entry.at("scenario")), entry.at("request"),
          entry.at(differs ? "in_service_mode" : "expect"), differs};
}

}  // namespace

Result<std::vector<Case>> readCases(const Selection& selection) {
  auto documents = readYaml(selection.directory / "cases.yaml");
  if (!documents) return std::move(documents).error();
  std::vector<Case> cases;
  for (const auto& document : *documents)
    for (const auto& entry : document) {
      auto test = caseOf(entry, selection.http_mode);
      if (isWanted(test, selection.wanted)) cases.push_back(std::move(test));
    }
  SLUICE_TRY(everyNameIsUsed(selection.wanted, cases));
  return cases;
}

Result<SkipList> readSkipList(const std::filesystem::path& file) {
  auto text = readFile(file);
  if (!text) return std::move(text).error();
  SkipList list;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const size_t end = line.find(' ');
    if (line.empty() || line.front() == '#') continue;
    if (end == std::string::npos)
      return Error(Error::Code::kInvalid, file.string() + ": no reason in the line: " + line);
    list[line.substr(0, end)] = line.substr(line.find_first_not_of(' ', end));
  }
  return list;
}

const std::string* reasonToSkip(const SkipList& list, const Case& test) {
  for (const auto* name : {&test.scenario, &test.id})
    if (const auto found = list.find(*name); found != list.end()) return &found->second;
  return nullptr;
}

}  // namespace sluice::test
