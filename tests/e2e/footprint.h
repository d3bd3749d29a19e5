// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>

#include "tests/support/lab.h"

namespace sluice::test {

/// What a restart must not leave twice: programs, maps and links of the machine, pins of the lab,
/// listening sockets of the client's namespace.
struct Footprint {
  size_t programs = 0, maps = 0, links = 0, pins = 0, listeners = 0;

  static Footprint of(const Lab& lab);

  friend bool operator==(const Footprint&, const Footprint&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Footprint& footprint);
};

/// True when it becomes `expected`, within 10 s: the kernel frees programs and maps some time after
/// the last one that held them has gone.
bool becomes(const Lab& lab, const Footprint& expected);

}  // namespace sluice::test
