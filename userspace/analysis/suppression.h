// SPDX-License-Identifier: Apache-2.0
// Findings that nobody wants to see.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "userspace/base/result.h"
#include "userspace/model/resources.h"

namespace sluice::analysis {

/// "CODE=Kind name.namespace", as istioctl's --suppress, "CODE=Kind namespace/name" or
/// "CODE=Kind/namespace/name". `*` in any part stands for any text.
class Suppression {
 public:
  /// kInvalid for anything else.
  static Result<Suppression> parse(std::string_view text);

  bool covers(const Diagnostic& diagnostic) const;

 private:
  std::string code_;
  std::string resource_;
};

/// What resources say themselves: annotation galley.istio.io/analyze-suppress, "IST0107,SLU2006"
/// or "*".
class SuppressedByAnnotation {
 public:
  void read(const Snapshot& snapshot);
  bool covers(const Diagnostic& diagnostic) const;

 private:
  void add(const std::string& resource, const Metadata& metadata);
  std::unordered_map<std::string, std::set<std::string>> codes_;  ///< by resource
};

/// Whether `text` is `pattern`, in which `*` stands for any text. Linear in the text for each `*`.
bool matchesPattern(std::string_view pattern, std::string_view text);

}  // namespace sluice::analysis
