// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/version.h"

namespace sluice::observe {

const char* version() { return SLUICE_VERSION; }

}  // namespace sluice::observe
