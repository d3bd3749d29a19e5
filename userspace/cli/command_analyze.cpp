// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "loader/capacity.h"
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

analysis::TableSizes sizesOf(const loader::Capacity& capacity) {
  const auto entries = [&](Table table) { return loader::entriesOf(table, capacity); };
  // Of numbers 0 is nobody's.
  return {.services = entries(Table::kServices),
          .routes = entries(Table::kRoutes) - 1,
          .clusters = entries(Table::kClusters) - 1,
          .endpoints = entries(Table::kEndpoints) - 1,
          .cluster_slots = entries(Table::kClusterSlots)};
}

/// Of the running agent, as it is asked for files that are its own.
Result<loader::Capacity> agentsCapacity(const CommonOptions& options) {
  const auto maps = ask(options.socket, {{"command", "maps"}}, options.timeout);
  if (!maps) return maps.error();
  loader::Capacity capacity;
  for (const auto& item : maps->at("items")) {
    if (item.at("name") == "services") capacity.services = item.at("capacity").get<uint32_t>();
    if (item.at("name") == "endpoints")
      capacity.endpoints = item.at("capacity").get<uint32_t>() - 1;
  }
  return capacity;
}

Result<void> readSizes(const CommonOptions& options, const AnalyzeArguments& arguments,
                       analysis::FileOptions& how) {
  loader::Capacity capacity;
  if (arguments.files.empty()) {
    const auto agents = agentsCapacity(options);
    if (!agents) return agents.error();
    capacity = *agents;
  }
  if (arguments.max_services > 0) capacity.services = arguments.max_services;
  if (arguments.max_endpoints > 0) capacity.endpoints = arguments.max_endpoints;
  how.tables = sizesOf(capacity);
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
                      const AnalyzeArguments& arguments, analysis::FileOptions how) {
  const auto paths = pathsToRead(options, arguments);
  if (!paths) return report(terminal, paths.error());
  if (const auto read = readSizes(options, arguments, how); !read)
    return report(terminal, read.error());
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
  return analyzePaths(terminal, options, arguments, *std::move(how));
}

}  // namespace sluice::cli
