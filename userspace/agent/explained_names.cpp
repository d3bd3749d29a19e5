// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/explained_names.h"

#include <fmt/format.h>

#include <set>

namespace sluice::agent {

void warnOfNames(const std::map<std::string, resolve::NameState>& names,
                 routing::Explanation& explanation) {
  std::set<std::string> unresolved;
  const auto collect = [&](const routing::ExplainedDestination& destination) {
    for (const auto& name : destination.unresolved) unresolved.insert(name.host);
  };
  for (const auto& destination : explanation.destinations) collect(destination);
  for (const auto& mirror : explanation.mirrors) collect(mirror.destination);
  for (const auto& name : unresolved)
    if (const auto state = names.find(name); state != names.end())
      explanation.warnings.push_back(
          fmt::format("{} cannot be resolved: {}", name, resolve::problemOf(state->second)));
}

}  // namespace sluice::agent
