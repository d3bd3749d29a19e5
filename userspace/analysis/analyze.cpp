// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/analyze.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "userspace/analysis/analyzer.h"
#include "userspace/analysis/file_trees.h"
#include "userspace/analysis/unread_resources.h"
#include "userspace/source/resource_store.h"

namespace sluice::analysis {
namespace {

Input readInput(const source::ResourceStore& store, const std::vector<source::SourceFile>& files,
                const FileOptions& options, FileTrees& trees) {
  Input input;
  input.snapshot = store.snapshot();
  input.refused = readRefused(store.notable(), trees);
  input.mesh_config = options.mesh_config;
  input.tables = options.tables;
  readGateways(files, trees, input);
  return input;
}

/// Takes the mesh-wide settings out of `files`: they are no resource.
void takeMeshConfig(std::vector<source::SourceFile>& files, FileOptions& options) {
  std::erase_if(files, [&](const source::SourceFile& file) {
    if (!isMeshConfig(file)) return false;
    auto config = readMeshConfig(file);
    if (!config) return false;
    options.mesh_config = *std::move(config);
    return true;
  });
}

void append(Diagnostics& to, Diagnostics from) {
  to.insert(to.end(), std::move_iterator(from.begin()), std::move_iterator(from.end()));
}

void sortByPlace(Diagnostics& diagnostics) {
  std::ranges::stable_sort(diagnostics, {}, [](const Diagnostic& d) {
    return std::tie(d.position.file, d.position.line, d.position.column, d.code);
  });
}

/// Removes what is not wanted; answers how much.
size_t suppress(Diagnostics& diagnostics, const std::vector<Suppression>& suppressions,
                const SuppressedByAnnotation& by_annotation) {
  return std::erase_if(diagnostics, [&](const Diagnostic& diagnostic) {
    return by_annotation.covers(diagnostic) ||
           std::ranges::any_of(suppressions, [&](const Suppression& suppression) {
             return suppression.covers(diagnostic);
           });
  });
}

}  // namespace

Diagnostics analyze(Input input, const Locator& locate) {
  const Mesh mesh(std::move(input));
  Report report;
  for (const Analyzer& analyzer : analyzers()) analyzer.run(mesh, report);
  return report.take(locate);
}

Analysis analyzeFiles(std::vector<source::SourceFile> files, FileOptions options) {
  takeMeshConfig(files, options);
  source::ResourceStore store;
  store.update(files);
  FileTrees trees(files);
  Input input = readInput(store, files, options, trees);
  SuppressedByAnnotation by_annotation;
  by_annotation.read(*input.snapshot);
  by_annotation.read(*input.refused);

  Analysis result;
  result.resources = store.counts().all;
  result.unreadable_files = store.unreadableFiles();
  result.diagnostics = store.diagnostics();
  append(result.diagnostics,
         analyze(std::move(input), [&](const Position& resource, const source::FieldPath& field) {
           return trees.locate(resource, field);
         }));
  sortByPlace(result.diagnostics);
  result.suppressed = suppress(result.diagnostics, options.suppressions, by_annotation);
  return result;
}

}  // namespace sluice::analysis
