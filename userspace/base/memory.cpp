// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/memory.h"

#include <malloc.h>

namespace sluice {

void giveBackMemory() { ::malloc_trim(0); }

}  // namespace sluice
