// SPDX-License-Identifier: Apache-2.0
// Which subsets the DestinationRules define, by host.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "userspace/analysis/mesh.h"

namespace sluice::analysis {

class SubsetIndex {
 public:
  explicit SubsetIndex(const Mesh& mesh);

  /// Whether any DestinationRule for `host`, be it by a wildcard, defines `subset`.
  bool has(const std::string& host, const std::string& subset) const;

  /// Those of the rules that name the host itself, in the order of the alphabet.
  std::set<std::string> of(const std::string& host) const;

 private:
  std::unordered_map<std::string, std::set<std::string>> subsets_;  ///< by full host or wildcard
};

}  // namespace sluice::analysis
