// SPDX-License-Identifier: Apache-2.0
#include "tests/support/programs.h"

namespace sluice::test {

std::string programPath(std::string_view program) {
  return std::string(SLUICE_PROGRAMS "/") + std::string(program);
}

}  // namespace sluice::test
