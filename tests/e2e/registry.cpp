// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/registry.h"

#include <vector>

#include "tests/support/topology.h"

namespace sluice::test {
namespace {

constexpr const char* kPod = "product-api-v2";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

std::vector<std::string> addresses(const Lab& lab) {
  const auto& host = lab.host(kPod);
  return {host.address4.text(), host.address6.text()};
}

std::string entry(const std::string& address, const std::string& conditions) {
  return "  - addresses: [\"" + address + "\"]\n    conditions: {" + conditions +
         "}\n    targetRef: {kind: Pod, name: " + kPod + ", namespace: default}\n";
}

}  // namespace

std::string registryWithV2(const Lab& lab, const std::string& conditions) {
  auto text = registryYaml(lab);
  for (const auto& address : addresses(lab))
    text = replaced(text, entry(address, "ready: true"),
                    conditions.empty() ? "" : entry(address, conditions));
  return text;
}

std::string registryWithoutV2(const Lab& lab) {
  const auto pod = "\n  podIPs:\n    - ip: " + addresses(lab)[0];
  return replaced(registryWithV2(lab, ""), "phase: Running" + pod, "phase: Failed" + pod);
}

}  // namespace sluice::test
