// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/subset_index.h"

namespace sluice::analysis {

SubsetIndex::SubsetIndex(const Mesh& mesh) {
  for (const DestinationRule* rule : mesh.destinationRules()) {
    auto& subsets = subsets_[mesh.fullHost(rule->host, rule->metadata.namespace_)];
    for (const Subset& subset : rule->subsets) subsets.insert(subset.name);
  }
}

bool SubsetIndex::has(const std::string& host, const std::string& subset) const {
  const auto defines = [&](const std::string& key) {
    const auto found = subsets_.find(key);
    return found != subsets_.end() && found->second.contains(subset);
  };
  if (defines(host)) return true;
  for (size_t i = 1; i <= host.size(); ++i) {
    if (defines("*" + host.substr(i))) return true;
  }
  return false;
}

std::set<std::string> SubsetIndex::of(const std::string& host) const {
  const auto found = subsets_.find(host);
  return found == subsets_.end() ? std::set<std::string>() : found->second;
}

}  // namespace sluice::analysis
