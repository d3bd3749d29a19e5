// SPDX-License-Identifier: Apache-2.0
// Codes of the diagnostics that this room makes: see userspace/model/codes.def.
#pragma once

#include "userspace/model/codes.h"

namespace sluice::source {

namespace code = sluice::code;

}  // namespace sluice::source
