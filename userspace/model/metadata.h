// SPDX-License-Identifier: Apache-2.0
// What every resource has.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "userspace/model/diagnostic.h"
#include "userspace/model/labels.h"

namespace sluice {

/// Metadata that every resource has, and where it was read.
struct Metadata {
  std::string name;
  std::string namespace_ = "default";  // NOLINT(readability-identifier-naming): a keyword
  Labels labels;
  Labels annotations;
  /// Absent sorts as newest: a file that states no age never beats one that does.
  std::optional<std::chrono::sys_seconds> creation_timestamp;
  Position position;

  /// "shop/catalog".
  std::string key() const { return namespace_ + "/" + name; }
  friend bool operator==(const Metadata&, const Metadata&) = default;
};

}  // namespace sluice
