// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/admin_client.h"
#include "userspace/cli/commands.h"
#include "userspace/observe/version.h"

namespace sluice::cli {

using observe::Json;

namespace {

Json versions(const CommonOptions& options) {
  Json versions = {{"sluicectl", observe::version()}, {"sluiced", nullptr}};
  const auto answer = ask(options.socket, {{"command", "version"}}, options.timeout);
  if (answer) versions["sluiced"] = answer->at("items").at(0).at("version");
  return versions;
}

}  // namespace

/// Works without an agent: the version of the tool is known in any case.
ExitCode runVersion(const Terminal& terminal, const CommonOptions& options) {
  const auto both = versions(options);
  const auto document = observe::envelope("Version", Json::array({both}));
  if (printDocument(terminal, document, options.format)) return kOk;
  const auto& agent = both.at("sluiced");
  terminal.out << "sluicectl " << observe::version() << "\n"
               << "sluiced   " << (agent.is_string() ? agent.get<std::string>() : "not running")
               << "\n";
  return kOk;
}

}  // namespace sluice::cli
