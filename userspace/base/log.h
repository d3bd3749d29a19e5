// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

#include "userspace/base/result.h"

namespace sluice::log {

/// Sets up the process's logger: stderr, `process` in each line, `level` as spdlog names it
/// (trace, debug, info, warn, error, off).
Result<void> setUp(std::string_view process, std::string_view level);

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::warn;

}  // namespace sluice::log
