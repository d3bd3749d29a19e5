// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/admin_client.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/layouts.h"

namespace sluice::cli {

using observe::Json;

ExitCode runGet(const Terminal& terminal, const CommonOptions& options,
                const GetArguments& arguments) {
  const auto& noun = *findNoun(arguments.what);
  const Json request = {{"command", "get"},
                        {"what", noun.name},
                        {"namespace", options.in_namespace},
                        {"name", arguments.name}};
  const auto answer = ask(options.socket, request, options.timeout);
  if (!answer) return report(terminal, answer.error());
  if (!arguments.name.empty() && answer->at("items").empty())
    return report(terminal,
                  Error(Error::Code::kNotFound,
                        "no " + std::string(noun.singular) + " is named \"" + arguments.name + "\"",
                        "sluicectl get " + std::string(noun.name) + " lists all"));
  printItems(terminal, *answer, noun.layout, options.format, options.headers);
  return kOk;
}

ExitCode runStat(const Terminal& terminal, const CommonOptions& options) {
  const auto answer = ask(options.socket, {{"command", "stat"}}, options.timeout);
  if (!answer) return report(terminal, answer.error());
  printItems(terminal, *answer, trafficLayout(), options.format, options.headers);
  return kOk;
}

}  // namespace sluice::cli
