// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sluice::http1 {

/// Why a message is refused; the list is refusals.def.
enum class Refusal : uint8_t {
  kNone,
#define REFUSAL(name, status, text) k##name,
#include "userspace/proxy/http1/refusals.def"
#undef REFUSAL
};

/// For logs and tests; never part of an answer.
const char* refusalText(Refusal refusal);

/// The status that answers a request which is refused so.
int refusalStatus(Refusal refusal);

}  // namespace sluice::http1
