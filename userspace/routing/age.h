// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>
#include <tuple>

#include "userspace/model/metadata.h"

namespace sluice::routing {

/// By creation timestamp, then name, then namespace; a resource without one comes last.
inline bool isOlder(const Metadata& a, const Metadata& b) {
  const auto rank = [](const Metadata& m) {
    return std::tuple(m.creation_timestamp.value_or(std::chrono::sys_seconds::max()),
                      std::string_view(m.name), std::string_view(m.namespace_));
  };
  return rank(a) < rank(b);
}

}  // namespace sluice::routing
