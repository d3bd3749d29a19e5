// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/admin_client.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/layouts.h"

namespace sluice::cli {

ExitCode runBpfErrors(const Terminal& terminal, const CommonOptions& options) {
  const auto answer = ask(options.socket, {{"command", "failures"}}, options.timeout);
  if (!answer) return report(terminal, answer.error());
  printItems(terminal, *answer, failureLayout(), options.format, options.headers);
  return kOk;
}

ExitCode runBpfMaps(const Terminal& terminal, const CommonOptions& options) {
  const auto answer = ask(options.socket, {{"command", "maps"}}, options.timeout);
  if (!answer) return report(terminal, answer.error());
  printItems(terminal, *answer, mapLayout(), options.format, options.headers);
  return kOk;
}

}  // namespace sluice::cli
