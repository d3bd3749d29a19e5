// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "userspace/analysis/analyze.h"
#include "userspace/analysis/read_files.h"
#include "userspace/analysis/unread_resources.h"
#include "userspace/cli/admin_client.h"
#include "userspace/cli/analysis_text.h"
#include "userspace/cli/commands.h"
#include "userspace/source/directory.h"

namespace sluice::cli {

using analysis::Analysis;
using observe::Json;

namespace {

/// "shop" of "VirtualService/shop/catalog"; empty for what is in no namespace.
std::string namespaceOf(const std::string& resource) {
  const auto first = resource.find('/');
  const auto last = resource.rfind('/');
  return first == last ? std::string() : resource.substr(first + 1, last - first - 1);
}

/// Findings about files and about what is in no namespace are shown whatever the namespace.
void keepOnly(const std::string& in_namespace, Diagnostics& diagnostics) {
  if (in_namespace.empty()) return;
  std::erase_if(diagnostics, [&](const Diagnostic& diagnostic) {
    const auto in = namespaceOf(diagnostic.resource);
    return !in.empty() && in != in_namespace;
  });
}

Result<analysis::FileOptions> readOptions(const AnalyzeArguments& arguments) {
  analysis::FileOptions options;
  for (const auto& text : arguments.suppress) {
    auto suppression = analysis::Suppression::parse(text);
    if (!suppression) return std::move(suppression).error();
    options.suppressions.push_back(*std::move(suppression));
  }
  return options;
}

Result<void> readMesh(const std::string& path, analysis::FileOptions& options) {
  if (path.empty()) return {};
  auto mesh = analysis::readMeshConfig(source::readSourceFile(path));
  if (!mesh) return std::move(mesh).error();
  options.mesh_config = *std::move(mesh);
  return {};
}

/// What the agent reads itself, as far as we may read it.
Result<std::vector<std::string>> agentsDirectory(const CommonOptions& options) {
  const auto status =
      ask(options.socket, {{"command", "status"}, {"wait", false}}, options.timeout);
  if (!status) {
    return Error(
        status.error().code(), status.error().message(),
        "give files or directories to analyze without an agent: sluicectl analyze -f PATH");
  }
  return std::vector{status->at("directory").get<std::string>()};
}

Result<std::vector<std::string>> pathsToRead(const CommonOptions& options,
                                             const AnalyzeArguments& arguments) {
  if (arguments.files.empty()) return agentsDirectory(options);
  return arguments.files;
}

/// Levels are in the order of their weight, errors first.
bool reaches(Diagnostic::Level level, Diagnostic::Level threshold) { return level <= threshold; }

ExitCode exitCodeOf(const Analysis& analysis, Diagnostic::Level fail_on) {
  if (!analysis.unreadable_files.empty()) return kBadData;
  const bool found = std::ranges::any_of(analysis.diagnostics, [&](const Diagnostic& diagnostic) {
    return reaches(diagnostic.level, fail_on);
  });
  return found ? kFindings : kOk;
}

ExitCode analyzePaths(const Terminal& terminal, const CommonOptions& options,
                      const AnalyzeArguments& arguments, const analysis::FileOptions& how) {
  const auto paths = pathsToRead(options, arguments);
  if (!paths) return report(terminal, paths.error());
  auto analysis = analysis::analyzeFiles(analysis::readFiles(*paths), how);
  keepOnly(options.in_namespace, analysis.diagnostics);
  if (!printDocument(terminal, analysisView(analysis), options.format))
    printAnalysis(terminal, analysis);
  return exitCodeOf(analysis, arguments.fail_on);
}

}  // namespace

ExitCode runAnalyze(const Terminal& terminal, const CommonOptions& options,
                    const AnalyzeArguments& arguments) {
  if (arguments.list) {
    if (!printDocument(terminal, analyzersView(), options.format))
      printAnalyzers(terminal, options.headers);
    return kOk;
  }
  auto how = readOptions(arguments);
  if (!how) {
    report(terminal, how.error());
    return kUsage;
  }
  if (const auto read = readMesh(arguments.mesh_config, *how); !read)
    return report(terminal, read.error());
  return analyzePaths(terminal, options, arguments, *how);
}

}  // namespace sluice::cli
