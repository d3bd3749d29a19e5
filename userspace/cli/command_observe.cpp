// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "userspace/cli/admin_client.h"
#include "userspace/cli/commands.h"
#include "userspace/cli/printer.h"
#include "userspace/cli/table.h"

namespace sluice::cli {

using observe::Json;

namespace {

/// "sent 10 B, received 20 B in 0.003 s" of a connection that has ended, else nothing.
std::string endText(const Json& event) {
  if (!event.contains("sentBytes")) return "";
  return fmt::format(", sent {} B, received {} B in {:.3f} s", cellText(event, "sentBytes"),
                     cellText(event, "receivedBytes"), event.at("seconds").get<double>());
}

std::string eventText(const Json& event) {
  const auto endpoint = cellText(event, "endpoint");
  return fmt::format(
      "{} {} -> {} ({}) {}: {}{}{}", cellText(event, "time"), cellText(event, "workload"),
      cellText(event, "destination"), cellText(event, "service"), cellText(event, "event"),
      cellText(event, "reason"), endpoint == "-" ? "" : " to " + endpoint, endText(event));
}

/// Events are data, the rest is messages.
void printText(const Terminal& terminal, const Json& answer) {
  const auto& kind = answer.at("kind");
  if (kind == "Event")
    terminal.out << printable(eventText(answer)) << "\n" << std::flush;
  else if (kind == "Lost")
    terminal.err << cellText(answer, "events")
                 << " events were lost, they came too fast: --sample\n";
  else
    terminal.err << "observing, until Ctrl-C\n";
}

Json requestOf(const CommonOptions& options, const ObserveArguments& arguments) {
  return {{"command", "observe"},
          {"sample", arguments.sample},
          {"namespace", options.in_namespace},
          {"workload", arguments.workload},
          {"service", arguments.service},
          {"reason", arguments.reason}};
}

}  // namespace

ExitCode runObserve(const Terminal& terminal, const CommonOptions& options,
                    const ObserveArguments& arguments) {
  if (options.format == Format::kYaml) {
    terminal.err << "events are lines: choose -o table or json\n";
    return kUsage;
  }
  uint64_t events = 0;
  const auto followed = follow(options.socket, requestOf(options, arguments), options.timeout,
                               [&](const Json& answer) {
                                 if (options.format == Format::kJson)
                                   terminal.out << observe::toText(answer) << "\n" << std::flush;
                                 else
                                   printText(terminal, answer);
                                 if (answer.at("kind") == "Event") ++events;
                                 if (!terminal.out) return false;
                                 return arguments.limit == 0 || events < arguments.limit;
                               });
  if (!followed) return report(terminal, followed.error());
  return terminal.out ? kOk : kFailed;
}

}  // namespace sluice::cli
