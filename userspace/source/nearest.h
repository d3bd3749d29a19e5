// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sluice::source {

/// The one of `known` that `name` is most likely a misspelling of; nothing when none is near.
std::optional<std::string_view> nearest(std::string_view name,
                                        std::span<const std::string_view> known);

}  // namespace sluice::source
