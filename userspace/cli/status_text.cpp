// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/status_text.h"

#include "userspace/cli/printer.h"
#include "userspace/cli/table.h"

namespace sluice::cli {
namespace {

using observe::Json;

std::string text(const Json& item, const char* field) { return printable(cellText(item, field)); }

std::string place(const Json& item) {
  auto where = text(item, "file");
  for (const char* part : {"line", "column"})
    if (const int number = item.value(part, 0); number > 0) where += ":" + std::to_string(number);
  return where;
}

Colour colourOf(const Json& diagnostic) {
  const auto level = diagnostic.value("level", std::string());
  if (level == "error") return Colour::kRed;
  return level == "warning" ? Colour::kYellow : Colour::kNone;
}

void printHint(const Terminal& terminal, const Json& item) {
  if (const auto hint = item.value("hint", std::string()); !hint.empty())
    terminal.out << "      hint: " << printable(hint) << "\n";
}

void printDiagnostic(const Terminal& terminal, const Json& diagnostic) {
  const auto field = diagnostic.value("field", std::string());
  terminal.out << "    " << terminal.paint(colourOf(diagnostic), text(diagnostic, "level")) << " "
               << text(diagnostic, "code") << " " << place(diagnostic) << "\n      "
               << (field.empty() ? "" : printable(field) + ": ") << text(diagnostic, "message")
               << "\n";
  printHint(terminal, diagnostic);
}

void printResource(const Terminal& terminal, const Json& resource) {
  if (resource.at("diagnostics").empty()) return;
  const auto state = resource.value("state", std::string());
  const bool refused = state != "active";
  terminal.out << "  " << mark(terminal, refused ? Colour::kRed : Colour::kYellow) << " "
               << text(resource, "resource") << ": "
               << (state == "lastGood" ? "refused, the last good version stays in force"
                                       : printable(state))
               << "\n";
  for (const auto& diagnostic : resource.at("diagnostics")) printDiagnostic(terminal, diagnostic);
}

/// An agent of an older version counts no resources and lists all.
void printConfig(const Terminal& terminal, const Json& status) {
  const auto& resources = status.at("resources");
  terminal.out << "config      " << text(status, "directory") << ", "
               << status.value("resourceCount", resources.size()) << " resources, "
               << status.value("rejectedResources", 0) << " rejected\n";
  for (const auto& diagnostic : status.at("fileDiagnostics")) printDiagnostic(terminal, diagnostic);
  for (const auto& resource : resources) printResource(terminal, resource);
}

void printProblem(const Terminal& terminal, const Json& status) {
  const auto& problem = status.at("problem");
  if (problem.is_null()) return;
  terminal.out << "  " << mark(terminal, Colour::kRed) << " " << text(problem, "message") << "\n";
  printHint(terminal, problem);
}

void printRefused(const Terminal& terminal, const Json& status) {
  for (const auto& refused : status.at("refusedServices")) {
    terminal.out << "  " << mark(terminal, Colour::kRed) << " service " << text(refused, "service")
                 << " keeps its last good route: " << text(refused, "message") << "\n";
    printHint(terminal, refused);
  }
}

void printHeld(const Terminal& terminal, const Json& status) {
  for (const auto& held : status.at("heldBack")) {
    terminal.out << "  " << mark(terminal, Colour::kYellow) << " " << text(held, "resource") << ": "
                 << text(held, "message") << "\n";
    printHint(terminal, held);
  }
}

/// An agent of an older version has none.
void printUnusable(const Terminal& terminal, const Json& status) {
  for (const auto& unusable : status.value("unusableTls", Json::array())) {
    terminal.out << "  " << mark(terminal, Colour::kRed) << " " << text(unusable, "policy")
                 << ": nothing is sent by it: " << text(unusable, "message") << "\n";
    printHint(terminal, unusable);
  }
}

/// Those that cannot be resolved; an agent of an older version has none.
void printNames(const Terminal& terminal, const Json& status) {
  for (const auto& name : status.value("names", Json::array())) {
    if (name.value("problem", std::string()).empty()) continue;
    const bool lost = name.at("addresses").empty();
    terminal.out << "  " << mark(terminal, lost ? Colour::kRed : Colour::kYellow) << " "
                 << text(name, "name") << " cannot be resolved: " << text(name, "problem")
                 << (lost ? "\n" : "; its last addresses stay\n");
  }
}

void printNeighbour(const Terminal& terminal, const Json& neighbour) {
  terminal.out << "    " << terminal.paint(colourOf(neighbour), text(neighbour, "level")) << " "
               << text(neighbour, "code") << " " << text(neighbour, "who") << "\n      "
               << text(neighbour, "message") << "\n";
  printHint(terminal, neighbour);
}

/// Those of an agent of an older version have no neighbours.
void printWorkload(const Terminal& terminal, const Json& workload) {
  const bool enrolled = workload.value("state", std::string()) == "enrolled";
  terminal.out << "  " << mark(terminal, enrolled ? Colour::kGreen : Colour::kYellow) << " "
               << text(workload, "namespace") << "/" << text(workload, "name") << ": "
               << text(workload, "state");
  if (const auto message = workload.value("message", std::string()); !message.empty())
    terminal.out << ", " << printable(message);
  terminal.out << "\n";
  printHint(terminal, workload);
  for (const auto& neighbour : workload.value("neighbours", Json::array()))
    printNeighbour(terminal, neighbour);
}

}  // namespace

std::string mark(const Terminal& terminal, Colour colour) {
  const bool fine = colour == Colour::kGreen;
  const bool failed = colour == Colour::kRed;
  if (!terminal.unicode) return terminal.paint(colour, fine ? "ok" : failed ? "x" : "!");
  return terminal.paint(colour, fine ? "✓" : failed ? "×" : "‼");
}

void printStatus(const Terminal& terminal, const Json& status) {
  terminal.out << "sluiced     " << text(status, "version") << ", broker pid "
               << text(status, "brokerPid") << ", agent pid " << text(status, "agentPid") << "\n"
               << "revision    " << text(status, "revision") << " in force, applied "
               << text(status, "lastSuccess") << "\n";
  printProblem(terminal, status);
  printRefused(terminal, status);
  printHeld(terminal, status);
  printUnusable(terminal, status);
  printNames(terminal, status);
  printConfig(terminal, status);
  terminal.out << "workloads   " << text(status, "workloadsEnrolled") << " enrolled, "
               << text(status, "workloadsPending") << " pending\n";
  for (const auto& workload : status.at("workloads")) printWorkload(terminal, workload);
}

}  // namespace sluice::cli
