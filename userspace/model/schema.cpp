// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/schema.h"

#include "maps/abi/limits.h"

namespace sluice {

const uint32_t kSchema = SLUICE_SCHEMA;

}  // namespace sluice
