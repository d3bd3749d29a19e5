// SPDX-License-Identifier: Apache-2.0
// Analyses a configuration: a snapshot that is in force, or files that are not in use yet.
#pragma once

#include <string>
#include <vector>

#include "userspace/analysis/mesh.h"
#include "userspace/analysis/report.h"
#include "userspace/analysis/suppression.h"
#include "userspace/source/document.h"

namespace sluice::analysis {

struct Analysis {
  /// In the order of files, lines and columns.
  Diagnostics diagnostics;
  size_t suppressed = 0;                      ///< findings that are left out
  size_t resources = 0;                       ///< that were looked at
  std::vector<std::string> unreadable_files;  ///< that are no YAML or cannot be read
};

/// What all analyzers find. `locate` may be empty: see Report::take().
Diagnostics analyze(Input input, const Locator& locate);

struct FileOptions {
  std::vector<Suppression> suppressions;
  MeshConfig mesh_config;
  TableSizes tables = {};  ///< of the node on which it is to run
};

/// Reads `files`, and reports what decoding, validation and analysis find in them. A MeshConfig
/// among them counts as the one of `options`.
Analysis analyzeFiles(std::vector<source::SourceFile> files, FileOptions options);

}  // namespace sluice::analysis
