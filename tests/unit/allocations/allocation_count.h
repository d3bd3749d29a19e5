// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sluice::test {

/// How often this thread has called operator new; with AddressSanitizer, malloc() as well.
uint64_t allocationCount();

}  // namespace sluice::test
