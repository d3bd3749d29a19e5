// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/cases/runner/case.h"
#include "tests/cases/runner/traffic.h"

namespace sluice::test {

/// Copies of requests that an expectation names: who gets them and how many of all requests.
struct ExpectedMirror {
  std::string host;
  double share = 0;
  double tolerance = 0;
};

/// Of `mirrored_to` and `mirrors`.
std::vector<ExpectedMirror> expectedMirrors(const nlohmann::json& expect);

/// How many requests the backends see at least when everything is as expected: answers do not
/// wait for copies of requests, so whoever counts those has to.
uint64_t expectedRequests(const Case& test, const std::vector<Exchange>& exchanges);

}  // namespace sluice::test
