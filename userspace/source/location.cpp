// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/location.h"

namespace sluice::source {

FieldPath Location::path() const {
  if (around_ == nullptr) return FieldPath();
  FieldPath around = around_->path();
  switch (part_) {
    case Part::kField:
      return around / name_;
    case Part::kItem:
      return around[index_];
    case Part::kEntry:
      return around.entry(name_);
    case Part::kNamedEntry:
      return around.namedEntry(name_);
    case Part::kRoot:
      break;
  }
  return around;
}

}  // namespace sluice::source
