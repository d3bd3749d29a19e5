// SPDX-License-Identifier: Apache-2.0
// How an analysis is shown.
#pragma once

#include "userspace/analysis/analyze.h"
#include "userspace/cli/terminal.h"
#include "userspace/observe/json.h"

namespace sluice::cli {

/// {apiVersion, kind: Analysis, items: [{code, level, resource, file, line, column, field, message,
/// hint}], suppressed}.
observe::Json analysisView(const analysis::Analysis& analysis);

/// Findings to `out`, how many there are to `err`.
void printAnalysis(const Terminal& terminal, const analysis::Analysis& analysis);

/// {apiVersion, kind: Analyzers, items: [{name, checks, origin, codes}], codes: [{code, level,
/// says, remedy, more}]}.
observe::Json analyzersView();

/// A table of the analyzers, and one of the codes.
void printAnalyzers(const Terminal& terminal, bool with_headers);

}  // namespace sluice::cli
