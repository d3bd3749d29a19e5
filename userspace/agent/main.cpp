// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "userspace/agent/options.h"
#include "userspace/agent/run_agent.h"
#include "userspace/agent/run_broker.h"

namespace {

using sluice::Result;
using sluice::agent::Options;

Result<void> run(const Options& options) {
  switch (options.command) {
    case Options::Command::kRun:
      return sluice::agent::runBroker(options);
    case Options::Command::kAgent:
      return sluice::agent::runAgent(options);
    case Options::Command::kUninstall:
      return sluice::agent::uninstall(options);
    case Options::Command::kExit:
      break;
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = sluice::agent::parseOptions(argc, argv);
  if (options.command == Options::Command::kExit) return options.exit_code;
  const auto result = run(options);
  if (result) return 0;
  std::cerr << "sluiced: " << result.error().message() << "\n";
  if (!result.error().hint().empty()) std::cerr << "hint: " << result.error().hint() << "\n";
  return 1;
}
