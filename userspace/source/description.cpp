// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/description.h"

#include <algorithm>

namespace sluice::source {

const Field* Message::find(std::string_view field_name) const {
  const auto found = std::ranges::find(fields, field_name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace sluice::source
