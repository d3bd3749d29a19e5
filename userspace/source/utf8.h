// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "userspace/source/yaml_node.h"

namespace sluice::source {

/// Where `text` stops being UTF-8 (RFC 3629) or has a control character that YAML 1.2 §5.1 does
/// not allow; nothing when all is well. yaml-cpp would replace such bytes and go on.
std::optional<Place> findIllegalUtf8(std::string_view text);

/// Each byte that belongs to no character becomes the character of that number.
std::string withBytesAsCharacters(std::string_view text);

}  // namespace sluice::source
