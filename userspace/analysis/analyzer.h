// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "userspace/analysis/mesh.h"
#include "userspace/analysis/report.h"

namespace sluice::analysis {

/// One check over the whole mesh. Its cost grows with what it looks at, not with the square.
struct Analyzer {
  std::string_view name;           ///< "destination-hosts"
  std::string_view checks;         ///< for people
  std::string_view origin;         ///< Istio's analyzer, or "Sluice"
  std::vector<const char*> codes;  ///< that it reports
  void (*run)(const Mesh& mesh, Report& report);
};

/// All, in the order in which they are listed.
std::span<const Analyzer> analyzers();

}  // namespace sluice::analysis
