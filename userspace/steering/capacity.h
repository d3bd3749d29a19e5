// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/steering/steering.h"

namespace sluice::steering {

/// Options that the tables have room for: they may be smaller than this version would make them.
Options fitted(Options options, const DataPlane& tables);

}  // namespace sluice::steering
