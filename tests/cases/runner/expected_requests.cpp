// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/runner/expected_requests.h"

#include <algorithm>
#include <cmath>

namespace sluice::test {

using nlohmann::json;

std::vector<ExpectedMirror> expectedMirrors(const json& expect) {
  auto list = expect.value("mirrors", json::array());
  if (expect.contains("mirrored_to")) list.push_back(expect.at("mirrored_to"));
  std::vector<ExpectedMirror> mirrors;
  for (const auto& item : list)
    mirrors.push_back({item.at("host"), item.value("share", 1.0), item.value("tolerance", 0.0)});
  return mirrors;
}

uint64_t expectedRequests(const Case& test, const std::vector<Exchange>& exchanges) {
  const auto answered = std::ranges::count_if(
      exchanges, [](const Exchange& exchange) { return !exchange.served_by.empty(); });
  double expected = static_cast<double>(answered);
  for (const auto& mirror : expectedMirrors(test.expect))
    expected += std::floor(static_cast<double>(exchanges.size()) *
                           std::max(0.0, mirror.share - mirror.tolerance));
  return static_cast<uint64_t>(expected);
}

}  // namespace sluice::test
