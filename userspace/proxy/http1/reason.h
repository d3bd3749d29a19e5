// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice::http1 {

/// RFC 9110 §15; empty for codes that are not in use here.
const char* reasonPhrase(int status);

}  // namespace sluice::http1
