// SPDX-License-Identifier: Apache-2.0
// All in which `sluiced-other` differs from sluiced.
#include "userspace/model/schema.h"

#include "maps/abi/limits.h"

namespace sluice {

const uint32_t kSchema = SLUICE_SCHEMA + 1;

}  // namespace sluice
