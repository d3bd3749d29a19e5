// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/admin_client.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/layouts.h"
#include "userspace/observe/resource_views.h"
#include "userspace/source/load.h"

namespace sluice::cli {

using observe::Json;

namespace {

Result<Json> askAgent(const CommonOptions& options, const GetArguments& arguments,
                      const Noun& noun) {
  return ask(options.socket,
             {{"command", "get"},
              {"what", noun.name},
              {"resources", noun.is_resource},
              {"namespace", options.in_namespace},
              {"name", arguments.name},
              {"unsteered", arguments.unsteered}},
             options.timeout);
}

Result<Json> readFiles(const CommonOptions& options, const GetArguments& arguments,
                       const Noun& noun) {
  const source::Kind* kind = noun.is_resource ? source::findKindByName(noun.name) : nullptr;
  if (kind == nullptr)
    return Error(
        Error::Code::kInvalid,
        "-f reads resources, and " + std::string(noun.name) + " are what the agent makes of them",
        "leave -f out, or see sluicectl explain -f");
  const auto loaded = source::load(arguments.files);
  return observe::resourceList(*loaded.snapshot, *kind, options.in_namespace, arguments.name);
}

/// A resource that was asked for by name stands alone, so that it can be applied as it is.
bool printAlone(const Terminal& terminal, const Json& answer, const CommonOptions& options,
                const GetArguments& arguments, const Noun& noun) {
  const auto& items = answer.at("items");
  if (!noun.is_resource || arguments.name.empty() || items.size() != 1) return false;
  return printDocument(terminal, items.front(), options.format);
}

}  // namespace

ExitCode runGet(const Terminal& terminal, const CommonOptions& options,
                const GetArguments& arguments) {
  const auto& noun = *findNoun(arguments.what);
  if (arguments.unsteered && noun.name != "connections")
    return report(terminal, Error(Error::Code::kInvalid, "--unsteered is of connections",
                                  "sluicectl get connections --unsteered"));
  const auto answer = arguments.files.empty() ? askAgent(options, arguments, noun)
                                              : readFiles(options, arguments, noun);
  if (!answer) return report(terminal, answer.error());
  if (!arguments.name.empty() && answer->at("items").empty())
    return report(terminal,
                  Error(Error::Code::kNotFound,
                        "no " + std::string(noun.singular) + " is named \"" + arguments.name + "\"",
                        "sluicectl get " + std::string(noun.name) + " lists all"));
  if (!printAlone(terminal, *answer, options, arguments, noun))
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
