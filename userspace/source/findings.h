// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "userspace/model/diagnostic.h"
#include "userspace/source/field_path.h"
#include "userspace/source/regex_budget.h"
#include "userspace/source/yaml_node.h"

namespace sluice::source {

/// Collects what is wrong with one resource. It holds the document, so that validation, which
/// sees only the typed resource, can point into the file.
class Findings {
 public:
  /// `document`: where the resource was read. Null: no positions. `regexes`: the file's. Null: as
  /// if the resource were alone in its file. Both must outlive this object.
  explicit Findings(SharedText file, const YamlNode* document = nullptr,
                    RegexBudget* regexes = nullptr)
      : file_(std::move(file)), document_(document), shared_regexes_(regexes) {}

  /// "VirtualService/shop/catalog", of all findings from now on.
  void setResource(std::string resource) { resource_ = std::move(resource); }

  /// Of `path`, or of the nearest field around it that the file has. A field's place is that of
  /// its value, or of its name when the value begins on a later line.
  Position positionOf(const FieldPath& path) const;

  void error(const char* code, const FieldPath& path, std::string message, std::string hint = {});
  /// Of something that `path` does not lead to, such as the second of two equal keys.
  void errorAt(Place place, const char* code, const FieldPath& path, std::string message,
               std::string hint);
  void warning(const char* code, const FieldPath& path, std::string message, std::string hint = {});
  void info(const char* code, const FieldPath& path, std::string message, std::string hint = {});

  /// Istio's own checks.
  void invalid(const FieldPath& path, std::string message, std::string hint = {});

  /// Checks regular expressions for validation.
  RegexBudget& regexes() { return shared_regexes_ == nullptr ? regexes_ : *shared_regexes_; }

  bool hasError() const { return errors_ > 0; }
  /// How many errors there have been, kept or not.
  size_t errors() const { return errors_; }
  /// Further findings are only counted.
  bool full() const;
  /// Ends with how many there are beyond kMaxDiagnostics, if there are.
  Diagnostics take();

 private:
  /// Whether one more may be kept; counts it as left out otherwise.
  bool admit(Diagnostic::Level level);
  void add(Diagnostic::Level level, const char* code, const FieldPath& path, std::string message,
           std::string hint);

  SharedText file_;
  const YamlNode* document_;
  RegexBudget* shared_regexes_;
  RegexBudget regexes_;
  std::string resource_;
  Diagnostics diagnostics_;
  size_t errors_ = 0;
  size_t left_out_ = 0;
};

}  // namespace sluice::source
