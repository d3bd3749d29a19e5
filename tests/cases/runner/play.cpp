// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/runner/play.h"

#include "tests/cases/runner/verdict.h"

namespace sluice::test {
namespace {

std::filesystem::path registryOf(const std::filesystem::path& directory) {
  return directory / "registry.yaml";
}

std::filesystem::path rulesOf(const std::filesystem::path& directory, const Case& test) {
  return directory / test.scenario / "config.yaml";
}

uint16_t portOf(const std::string& called) {
  return static_cast<uint16_t>(std::atoi(called.c_str() + called.rfind(':') + 1));
}

/// All ports that somebody may be expected to listen on.
Result<void> addPorts(const Case& test, const std::filesystem::path& directory,
                      std::set<uint16_t>& ports) {
  auto world = World::load(registryOf(directory), rulesOf(directory, test));
  if (!world) return std::move(world).error();
  for (const auto& backend : world->backends()) ports.insert(backend.address.port);
  ports.insert(portOf(test.request.at("to").get<std::string>()));
  return {};
}

Result<CaseLab::Plan> planFor(const std::vector<Case>& cases,
                              const std::filesystem::path& directory,
                              const std::string& http_mode) {
  CaseLab::Plan plan{.registry = registryOf(directory), .http_mode = http_mode};
  for (const auto& test : cases) {
    plan.clients.insert(test.request.at("client").get<std::string>());
    SLUICE_TRY(addPorts(test, directory, plan.ports));
  }
  return plan;
}

/// What clients and servers have said may hold line ends.
std::string inOneLine(const std::string& text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n')
      line += "\\n";
    else if (c != '\r')
      line += c;
  }
  return line;
}

}  // namespace

Result<Player> Player::create(const std::vector<Case>& all, std::filesystem::path directory,
                              const std::string& http_mode) {
  auto plan = planFor(all, directory, http_mode);
  if (!plan) return std::move(plan).error();
  auto lab = CaseLab::create(*plan);
  if (!lab) return std::move(lab).error();
  return Player(*std::move(lab), std::move(directory));
}

Result<std::vector<std::string>> Player::problems(const Case& test) {
  auto world = World::load(registryOf(directory_), rulesOf(directory_, test));
  if (!world) return std::move(world).error();
  auto outcome = lab_.play(test, rulesOf(directory_, test), *world);
  if (!outcome) return std::move(outcome).error();
  return problemsOf(test, *outcome, *world);
}

Player::Verdict Player::play(const Case& test) {
  const auto found = problems(test);
  const std::string name = test.id + " " + test.scenario;
  if (!found) return {false, inOneLine("FAIL " + name + ": " + found.error().message())};
  if (found->empty()) return {true, "ok   " + name};
  std::string line = "FAIL " + name + ": ";
  for (const auto& problem : *found) line += (problem == found->front() ? "" : "; ") + problem;
  return {false, inOneLine(line)};
}

}  // namespace sluice::test
