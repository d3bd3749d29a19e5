// SPDX-License-Identifier: Apache-2.0
// What the registry says of product-api's v2, which has one pod, when it ends.
#pragma once

#include <string>

#include "tests/support/lab.h"

namespace sluice::test {

/// registryYaml(), with these conditions of v2's entries in the EndpointSlices instead of
/// "ready: true"; empty: without the entries.
std::string registryWithV2(const Lab& lab, const std::string& conditions);

/// Neither the entries nor the pod.
std::string registryWithoutV2(const Lab& lab);

}  // namespace sluice::test
