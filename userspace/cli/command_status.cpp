// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/admin_client.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/status_text.h"

namespace sluice::cli {

using observe::Json;
using namespace std::chrono_literals;

namespace {

/// An agent that has just been started has no socket yet: to wait for it is to wait for that, too.
Result<Json> askOrWait(const CommonOptions& options, const StatusArguments& arguments) {
  const Json request = {{"command", "status"}, {"wait", arguments.wait.has_value()}};
  if (!arguments.wait) return ask(options.socket, request, options.timeout);
  return askPatiently(options.socket, request, *arguments.wait);
}

}  // namespace

ExitCode runStatus(const Terminal& terminal, const CommonOptions& options,
                   const StatusArguments& arguments) {
  const auto answer = askOrWait(options, arguments);
  if (!answer) return report(terminal, answer.error());
  if (!printDocument(terminal, *answer, options.format)) printStatus(terminal, *answer);
  return kOk;
}

}  // namespace sluice::cli
