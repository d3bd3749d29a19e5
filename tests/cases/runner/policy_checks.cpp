// SPDX-License-Identifier: Apache-2.0
// Policies that no single request shows, as `sluicectl explain` states them.
#include "tests/cases/runner/checks.h"
#include "tests/cases/runner/yaml_json.h"

namespace sluice::test {
namespace {

using nlohmann::json;

/// The value of that name, however deep; null when there is none.
const json* findKey(const json& in, const std::string& key) {
  if (!in.is_object()) return nullptr;
  if (const auto found = in.find(key); found != in.end()) return &*found;
  for (const auto& value : in)
    if (const auto* found = findKey(value, key)) return found;
  return nullptr;
}

std::string policyText(const Evidence& evidence, const std::string& key,
                       const std::string& by_default) {
  const auto destinations = evidence.outcome.explanation.value("destinations", json::array());
  if (destinations.empty()) return "(no destination)";
  const auto policy = destinations.front().value("policy", json::object());
  const auto* found = findKey(policy, key);
  return found == nullptr || found->is_null() ? by_default : scalarText(*found);
}

void effective(Evidence& evidence, const json& expected) {
  for (const auto& [key, value] : expected.items())
    if (const auto found = policyText(evidence, key, "default"); found != scalarText(value))
      evidence.problem("{}: {}, should be {}", key, found, scalarText(value));
}

/// Istio's default is LEAST_REQUEST.
void loadBalancer(Evidence& evidence, const json& expected) {
  const auto found = policyText(evidence, "simple", "LEAST_REQUEST");
  if (found != scalarText(expected))
    evidence.problem("lb: {}, should be {}", found, scalarText(expected));
}

}  // namespace

const Checks& policyChecks() {
  static const Checks kChecks = {{"effective", effective}, {"lb", loadBalancer}};
  return kChecks;
}

}  // namespace sluice::test
