// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "userspace/base/result.h"

namespace sluice::test {

/// The whole file.
Result<std::string> readFile(const std::filesystem::path& path);

/// In one write(), as control files of the kernel want it; creates or truncates ordinary files.
Result<void> writeFile(const std::filesystem::path& path, std::string_view text);

/// Puts `text` in the place of the file by rename(), so that a reader never sees half of it.
Result<void> replaceFile(const std::filesystem::path& path, std::string_view text);

}  // namespace sluice::test
