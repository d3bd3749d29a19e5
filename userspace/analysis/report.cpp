// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/report.h"

#include <algorithm>
#include <tuple>

namespace sluice::analysis {
namespace {

Position positionOf(const Finding& finding, const Locator& locate) {
  const Position& resource = finding.subject.metadata->position;
  if (!locate || resource.file.empty()) return resource;
  return locate(resource, finding.at.exact().empty() ? finding.field : finding.at);
}

Diagnostic toDiagnostic(const Finding& finding, const Locator& locate) {
  const CodeInfo& info = *findCode(finding.code);
  return {finding.code,
          info.level,
          finding.subject.text(),
          positionOf(finding, locate),
          finding.field.shown(),
          finding.message,
          finding.hint.empty() ? std::string(info.remedy) : finding.hint};
}

}  // namespace

Subject subjectOfNone() {
  static const Metadata kNone = [] {
    Metadata none;
    none.namespace_.clear();
    return none;
  }();
  return {"", &kNone};
}

std::string Subject::text() const {
  if (metadata->name.empty()) return {};
  const std::string in = metadata->namespace_.empty() ? "" : metadata->namespace_ + "/";
  return std::string(kind) + "/" + in + metadata->name;
}

Diagnostics Report::take(const Locator& locate) {
  std::ranges::stable_sort(findings_, [](const Finding& a, const Finding& b) {
    const Position& x = a.subject.metadata->position;
    const Position& y = b.subject.metadata->position;
    return std::tie(x.file, x.line, x.column) < std::tie(y.file, y.line, y.column);
  });
  Diagnostics diagnostics;
  diagnostics.reserve(findings_.size());
  for (const Finding& finding : findings_) diagnostics.push_back(toDiagnostic(finding, locate));
  findings_.clear();
  return diagnostics;
}

}  // namespace sluice::analysis
