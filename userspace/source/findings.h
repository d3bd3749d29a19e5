// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_map>
#include <utility>

#include "userspace/model/diagnostic.h"
#include "userspace/source/field_path.h"
#include "userspace/source/node.h"

namespace sluice::source {

/// Collects what is wrong with one resource. Decoding tells it where each field stands, so that
/// validation, which sees only the typed resource, can point into the file.
class Findings {
 public:
  explicit Findings(std::string file) : file_(std::move(file)) {}

  /// "VirtualService/shop/catalog", of all findings from now on.
  void setResource(std::string resource) { resource_ = std::move(resource); }

  void place(const FieldPath& path, Place place) { places_[path.exact()] = place; }
  /// Of `path`, or of the nearest field around it that the file has.
  Position positionOf(const FieldPath& path) const;

  void error(const char* code, const FieldPath& path, std::string message, std::string hint = {});
  void warning(const char* code, const FieldPath& path, std::string message, std::string hint = {});
  void info(const char* code, const FieldPath& path, std::string message, std::string hint = {});

  /// Istio's own checks.
  void invalid(const FieldPath& path, std::string message, std::string hint = {});

  bool hasError() const { return sluice::hasError(diagnostics_); }
  /// Further findings are only counted.
  bool full() const;
  /// Ends with how many there are beyond kMaxDiagnostics, if there are.
  Diagnostics take();

 private:
  void add(Diagnostic::Level level, const char* code, const FieldPath& path, std::string message,
           std::string hint);

  std::string file_;
  std::string resource_;
  std::unordered_map<std::string, Place> places_;
  Diagnostics diagnostics_;
  size_t left_out_ = 0;
};

}  // namespace sluice::source
