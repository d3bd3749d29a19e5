// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace sluice::test {

/// Where this build puts the program ("sluiced", "who-server", …).
std::string programPath(std::string_view program);

/// A file of the source tree.
std::string sourcePath(std::string_view path);

}  // namespace sluice::test
