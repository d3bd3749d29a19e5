// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice::observe {

/// Of this build, "0.1.0". Lives for ever.
const char* version();

}  // namespace sluice::observe
