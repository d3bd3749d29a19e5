// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice::test {

/// Parses every document of `text` with yaml-cpp and drops what it says: the least that reading
/// these bytes can cost.
void parseBare(const std::string& text);

}  // namespace sluice::test
