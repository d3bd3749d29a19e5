// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/admin_client.h"
#include "userspace/cli/call_arguments.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/explanation_text.h"
#include "userspace/cli/table.h"
#include "userspace/observe/explanation_view.h"
#include "userspace/routing/resolve.h"
#include "userspace/source/load.h"

namespace sluice::cli {

using observe::Json;

namespace {

void warn(const Terminal& terminal, const Diagnostic& diagnostic) {
  if (diagnostic.level == Diagnostic::Level::kInfo) return;
  terminal.err << levelName(diagnostic.level) << " " << diagnostic.code << " "
               << printable(diagnostic.position.text()) << " " << printable(diagnostic.resource)
               << " " << printable(diagnostic.field) << ": " << printable(diagnostic.message)
               << "\n";
  if (!diagnostic.hint.empty()) terminal.err << "  hint: " << printable(diagnostic.hint) << "\n";
}

Result<routing::Routing> resolveFor(const Terminal& terminal, const Snapshot& snapshot,
                                    const std::string& client) {
  auto routing = routing::resolveFor(snapshot, client);
  if (routing || routing.error().code() != Error::Code::kNotFound) return routing;
  terminal.err << "warning: the files have no Workload or Pod " << printable(client)
               << "; it is taken for a client that no rule distinguishes\n";
  return routing::resolve(snapshot);
}

/// `snapshot`, in the mode that the command line asks for.
std::shared_ptr<const Snapshot> inMode(std::shared_ptr<const Snapshot> snapshot,
                                       const std::string& http_mode) {
  if (http_mode.empty()) return snapshot;
  auto changed = std::make_shared<Snapshot>(*snapshot);
  changed->agent.http_mode =
      http_mode == "istio" ? AgentSettings::HttpMode::kIstio : AgentSettings::HttpMode::kService;
  return changed;
}

/// What is wrong with the files goes to stderr; what is right is explained.
Result<Json> explainFiles(const Terminal& terminal, const ExplainArguments& arguments,
                          const routing::ExplainRequest& call) {
  const auto loaded = source::load(arguments.files);
  for (const auto& diagnostic : loaded.diagnostics) warn(terminal, diagnostic);
  if (!loaded.unreadable.empty())
    return Error(Error::Code::kInvalid, "cannot read " + loaded.unreadable.front());
  const auto snapshot = inMode(loaded.snapshot, arguments.http_mode);
  const auto routing = resolveFor(terminal, *snapshot, call.from);
  if (!routing) return Error(routing.error());
  const auto explanation = routing::explain(*routing, call);
  if (!explanation) return Error(explanation.error());
  return observe::explanationView(*explanation);
}

Result<Json> explained(const Terminal& terminal, const CommonOptions& options,
                       const ExplainArguments& arguments, const routing::ExplainRequest& call) {
  if (!arguments.files.empty()) return explainFiles(terminal, arguments, call);
  return ask(options.socket, {{"command", "explain"}, {"call", observe::callView(call)}},
             options.timeout);
}

}  // namespace

ExitCode runExplain(const Terminal& terminal, const CommonOptions& options,
                    const ExplainArguments& arguments) {
  const auto call = readCall(arguments);
  if (!call) {
    report(terminal, call.error());
    return kUsage;
  }
  const auto explanation = explained(terminal, options, arguments, *call);
  if (!explanation) return report(terminal, explanation.error());
  if (!printDocument(terminal, *explanation, options.format))
    printExplanation(terminal, *explanation);
  return kOk;
}

}  // namespace sluice::cli
