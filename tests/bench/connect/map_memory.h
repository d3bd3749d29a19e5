// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>

namespace sluice::test {

/// Memory that the kernel says the maps take which are pinned below `directory`, in KiB.
size_t mapKib(const std::filesystem::path& directory);

}  // namespace sluice::test
