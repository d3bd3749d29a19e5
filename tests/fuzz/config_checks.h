// SPDX-License-Identifier: Apache-2.0
// What holds for every input of the targets that read configuration.
#pragma once

#include <string>

#include "tests/fuzz/cost.h"
#include "userspace/source/document.h"

namespace sluice::test {

/// Of reading one input. Up to 4 KiB it may spend every budget of limits.h, and AddressSanitizer
/// makes each several times as expensive as it is to the agent.
inline constexpr CostLimits kReadingLimits = {{uint64_t{512} << 20, 4096}, {8'000'000, 1000}};

/// Of resolving up to eight states of it in both modes, as well.
inline constexpr CostLimits kCompilingLimits = {{uint64_t{768} << 20, 8192}, {16'000'000, 4000}};

/// The input as a file.
source::SourceFile fileOf(const uint8_t* data, size_t size);

/// Has a registered code, says something, and stands in the file.
void checkDiagnostics(const Diagnostics& diagnostics);

/// What is not in use says why; what is in use is the same when it is written and read again.
void checkDocument(const source::Document& document);

}  // namespace sluice::test
