// SPDX-License-Identifier: Apache-2.0
#include "tests/support/programs.h"

namespace sluice::test {

std::string programPath(std::string_view program) {
  return std::string(SLUICE_PROGRAMS "/") + std::string(program);
}

std::string sourcePath(std::string_view path) {
  return std::string(SLUICE_SOURCES "/") + std::string(path);
}

}  // namespace sluice::test
