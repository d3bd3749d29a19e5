// SPDX-License-Identifier: Apache-2.0
// The lab for shell scripts: up, exec, env, down.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "tests/support/lab_cli/keeper.h"
#include "tests/support/lab_cli/state.h"

namespace sluice::test {
namespace {

Result<void> exec(const std::filesystem::path& directory, const std::string& host,
                  const Arguments& command) {
  auto state = loadState(directory);
  if (!state) return std::move(state).error();
  const auto place = std::ranges::find(state->hosts, host, &Place::name);
  if (place == state->hosts.end())
    return Error(Error::Code::kNotFound, "the lab has no host " + host);
  SLUICE_TRY(place->enter());
  std::vector<char*> argv;
  for (const auto& argument : command) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  return Error::system("start " + command[0]);
}

/// Assignments that a shell can evaluate. The paths are ours and hold no quotes.
Result<void> printEnvironment(const std::filesystem::path& directory) {
  auto state = loadState(directory);
  if (!state) return std::move(state).error();
  std::cout << "LAB_DIRECTORY='" << state->directory << "'\nLAB_CONFIG='" << state->config
            << "'\nLAB_BPFFS='" << state->bpffs << "'\nLAB_SOCKET='" << state->socket << "'\n";
  return {};
}

}  // namespace
}  // namespace sluice::test

int main(int argc, char** argv) {
  using namespace sluice::test;
  std::filesystem::path state = "/run/sluice-lab/demo";
  std::string host;
  pid_t owner = 0;
  Arguments command;
  CLI::App app("Network namespaces with a client and servers, for trying Sluice");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--state", state, "directory that remembers the lab")->capture_default_str();
  auto* up = app.add_subcommand("up", "bring the lab up; it stays until `down`");
  up->add_option("--owner", owner, "process the lab is removed when this process ends");
  auto* down = app.add_subcommand("down", "remove the lab and everything that runs in it");
  auto* env = app.add_subcommand("env", "print the lab's paths as shell assignments");
  auto* execute = app.add_subcommand("exec", "run a command on a host: lab exec web -- curl …");
  execute->add_option("host", host, "node, web, product-api-v1-a, …")->required();
  execute->add_option("command", command, "what to run")->required();
  CLI11_PARSE(app, argc, argv);

  const auto result = *up     ? startKeeper(state, owner)
                      : *down ? stopKeeper(state)
                      : *env  ? printEnvironment(state)
                              : exec(state, host, command);
  if (result) return 0;
  std::cerr << "lab: " << result.error().message() << "\n";
  if (!result.error().hint().empty()) std::cerr << result.error().hint() << "\n";
  return 1;
}
