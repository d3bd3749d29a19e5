// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/analysis_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "userspace/analysis/analyzer.h"
#include "userspace/cli/table.h"
#include "userspace/model/codes.h"

namespace sluice::cli {

using analysis::Analysis;
using analysis::Analyzer;
using observe::Json;
using Level = Diagnostic::Level;

namespace {

Json itemOf(const Diagnostic& diagnostic) {
  return {{"code", diagnostic.code},          {"level", levelName(diagnostic.level)},
          {"resource", diagnostic.resource},  {"file", diagnostic.position.file.text()},
          {"line", diagnostic.position.line}, {"column", diagnostic.position.column},
          {"field", diagnostic.field},        {"message", diagnostic.message},
          {"hint", diagnostic.hint}};
}

Colour colourOf(Level level) {
  if (level == Level::kError) return Colour::kRed;
  return level == Level::kWarning ? Colour::kYellow : Colour::kNone;
}

/// The place comes first, as compilers print it, so that editors and terminals can jump to it.
void printDiagnostic(const Terminal& terminal, const Diagnostic& diagnostic) {
  const auto place = diagnostic.position.text();
  terminal.out << (place.empty() ? "" : printable(place) + ": ")
               << terminal.paint(colourOf(diagnostic.level), levelName(diagnostic.level)) << " "
               << diagnostic.code
               << (diagnostic.resource.empty() ? "" : " " + printable(diagnostic.resource)) << "\n"
               << "    " << (diagnostic.field.empty() ? "" : printable(diagnostic.field) + ": ")
               << printable(diagnostic.message) << "\n";
  if (!diagnostic.hint.empty()) terminal.out << "    hint: " << printable(diagnostic.hint) << "\n";
}

/// "1 error", "2 errors".
std::string counted(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string summaryOf(const Analysis& analysis) {
  std::vector<std::string> parts;
  for (const Level level : {Level::kError, Level::kWarning, Level::kInfo}) {
    const auto count = std::ranges::count(analysis.diagnostics, level, &Diagnostic::level);
    if (count > 0) parts.push_back(counted(static_cast<size_t>(count), levelName(level)));
  }
  if (parts.empty()) parts.emplace_back("nothing found");
  if (analysis.suppressed > 0) parts.push_back(fmt::format("{} suppressed", analysis.suppressed));
  return fmt::format("{} in {}", fmt::join(parts, ", "), counted(analysis.resources, "resource"));
}

void printCodes(const Terminal& terminal, bool with_headers) {
  TextTable table({"CODE", "LEVEL", "SAYS"});
  for (const CodeInfo& info : codes()) {
    table.addRow({std::string(info.code), levelName(info.level), std::string(info.says)});
  }
  table.print(terminal.out, with_headers);
}

}  // namespace

Json analysisView(const Analysis& analysis) {
  Json items = Json::array();
  for (const Diagnostic& diagnostic : analysis.diagnostics) items.push_back(itemOf(diagnostic));
  Json view = observe::envelope("Analysis", std::move(items));
  view["suppressed"] = analysis.suppressed;
  return view;
}

void printAnalysis(const Terminal& terminal, const Analysis& analysis) {
  for (const Diagnostic& diagnostic : analysis.diagnostics) printDiagnostic(terminal, diagnostic);
  terminal.err << summaryOf(analysis) << "\n";
}

Json analyzersView() {
  Json items = Json::array();
  for (const Analyzer& analyzer : analysis::analyzers()) {
    items.push_back({{"name", analyzer.name},
                     {"checks", analyzer.checks},
                     {"origin", analyzer.origin},
                     {"codes", analyzer.codes}});
  }
  Json view = observe::envelope("Analyzers", std::move(items));
  for (const CodeInfo& info : codes()) {
    view["codes"].push_back({{"code", info.code},
                             {"level", levelName(info.level)},
                             {"says", info.says},
                             {"remedy", info.remedy},
                             {"more", info.more}});
  }
  return view;
}

void printAnalyzers(const Terminal& terminal, bool with_headers) {
  TextTable table({"ANALYZER", "CHECKS", "CODES"});
  for (const Analyzer& analyzer : analysis::analyzers()) {
    table.addRow({std::string(analyzer.name), std::string(analyzer.checks),
                  fmt::format("{}", fmt::join(analyzer.codes, " "))});
  }
  table.print(terminal.out, with_headers);
  terminal.out << "\n";
  printCodes(terminal, with_headers);
}

}  // namespace sluice::cli
