// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/findings.h"

#include <fmt/format.h>

#include "userspace/source/codes.h"
#include "userspace/source/limits.h"

namespace sluice::source {

Position Findings::positionOf(const FieldPath& path) const {
  std::string_view around = path.exact();
  while (true) {
    if (const auto found = places_.find(std::string(around)); found != places_.end()) {
      return {file_, found->second.line, found->second.column};
    }
    if (around.empty()) return {file_, 0, 0};
    const auto end = around.find_last_of(".[{");
    around = around.substr(0, end == std::string_view::npos ? 0 : end);
  }
}

bool Findings::full() const { return diagnostics_.size() >= kMaxDiagnostics; }

Diagnostics Findings::take() {
  if (left_out_ > 0) {
    diagnostics_.push_back({code::kLimit, Diagnostic::Level::kInfo, resource_,
                            positionOf(FieldPath()), "",
                            fmt::format("{} further findings are not shown", left_out_), ""});
  }
  return std::move(diagnostics_);
}

void Findings::error(const char* code, const FieldPath& path, std::string message,
                     std::string hint) {
  add(Diagnostic::Level::kError, code, path, std::move(message), std::move(hint));
}

void Findings::warning(const char* code, const FieldPath& path, std::string message,
                       std::string hint) {
  add(Diagnostic::Level::kWarning, code, path, std::move(message), std::move(hint));
}

void Findings::info(const char* code, const FieldPath& path, std::string message,
                    std::string hint) {
  add(Diagnostic::Level::kInfo, code, path, std::move(message), std::move(hint));
}

void Findings::invalid(const FieldPath& path, std::string message, std::string hint) {
  error(code::kIstioInvalid, path, std::move(message), std::move(hint));
}

void Findings::add(Diagnostic::Level level, const char* code, const FieldPath& path,
                   std::string message, std::string hint) {
  // An error is never lost to a limit that warnings have used up.
  if (full() && (level != Diagnostic::Level::kError || hasError())) {
    ++left_out_;
    return;
  }
  diagnostics_.push_back({code, level, resource_, positionOf(path), path.shown(),
                          std::move(message), std::move(hint)});
}

}  // namespace sluice::source
