// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::source {

/// Names a field of a resource, "spec.http[0].timeout".
///
/// A path has two spellings. What users see ends at a map with keys of their own, such as
/// `headers` or `labels`: those keys have dots themselves. The place in the file is that of the
/// very value, so it is looked up under the exact spelling.
class FieldPath {
 public:
  FieldPath() = default;
  explicit FieldPath(std::string_view root) : shown_(root), exact_(root) {}

  FieldPath operator/(std::string_view field) const;
  FieldPath operator[](size_t index) const;
  /// A key of a map; nothing below it is shown.
  FieldPath entry(std::string_view key) const;
  /// A key of a map whose keys are plain names, such as `ports`; shown as a field is.
  FieldPath namedEntry(std::string_view key) const;
  /// The same field, of which nothing below is shown.
  FieldPath asWhole() const;

  const std::string& shown() const { return shown_; }
  const std::string& exact() const { return exact_; }

 private:
  void append(std::string_view text);

  std::string shown_;
  std::string exact_;
  bool inside_map_ = false;
};

}  // namespace sluice::source
