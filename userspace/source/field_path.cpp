// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/field_path.h"

namespace sluice::source {

void FieldPath::append(std::string_view text) {
  exact_ += text;
  if (!inside_map_) shown_ += text;
}

FieldPath FieldPath::operator/(std::string_view field) const {
  FieldPath path = *this;
  if (!path.exact_.empty()) path.append(".");
  path.append(field);
  return path;
}

FieldPath FieldPath::operator[](size_t index) const {
  FieldPath path = *this;
  path.append("[" + std::to_string(index) + "]");
  return path;
}

FieldPath FieldPath::entry(std::string_view key) const {
  FieldPath path = *this;
  path.inside_map_ = true;
  path.append("{");
  path.append(key);
  path.append("}");
  return path;
}

FieldPath FieldPath::namedEntry(std::string_view key) const {
  FieldPath path = entry(key);
  if (inside_map_) return path;
  path.shown_ += ".";
  path.shown_ += key;
  return path;
}

FieldPath FieldPath::asWhole() const {
  FieldPath path = *this;
  path.inside_map_ = true;
  return path;
}

}  // namespace sluice::source
