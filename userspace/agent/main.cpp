// SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>

#include <csignal>
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

#ifdef __SANITIZE_ADDRESS__
/// Looking for leaks stops the threads with ptrace(), which the agent's sandbox does not allow;
/// LeakSanitizer asks this at the end of the process. The sandbox refuses the question, too.
extern "C" int __lsan_is_turned_off() { return ::prctl(PR_GET_SECCOMP) != 0 ? 1 : 0; }
#endif

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader of our logs that goes must not end us
  const auto options = sluice::agent::parseOptions(argc, argv);
  if (options.command == Options::Command::kExit) return options.exit_code;
  const auto result = run(options);
  if (result) return 0;
  std::cerr << "sluiced: " << result.error().message() << "\n";
  if (!result.error().hint().empty()) std::cerr << "hint: " << result.error().hint() << "\n";
  return 1;
}
