// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice::test {

/// Where this build puts the program ("sluiced", "who-server", …).
std::string programPath(std::string_view program);

}  // namespace sluice::test
