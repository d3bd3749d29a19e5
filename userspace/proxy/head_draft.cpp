// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/head_draft.h"

#include <algorithm>

#include "userspace/proxy/http1/chars.h"

namespace sluice::proxy {

namespace {

auto isNamed(std::string_view name) {
  return [name](const http1::Header& field) { return http1::sameIgnoringCase(field.name, name); };
}

}  // namespace

void HeadDraft::clear() {
  fields_.clear();
  texts_used_ = 0;
}

std::string& HeadDraft::text() {
  if (texts_used_ == texts_.size()) texts_.emplace_back();
  std::string& text = texts_[texts_used_++];
  text.clear();
  return text;
}

void HeadDraft::set(std::string_view name, std::string_view value) {
  const auto first = std::ranges::find_if(fields_, isNamed(name));
  if (first == fields_.end()) return add(name, value);
  *first = {name, value};
  fields_.erase(std::remove_if(first + 1, fields_.end(), isNamed(name)), fields_.end());
}

void HeadDraft::setAll(std::span<const std::pair<std::string, std::string>> fields) {
  for (const auto& [name, value] : fields) set(name, value);
}

void HeadDraft::remove(std::string_view name) { std::erase_if(fields_, isNamed(name)); }

std::string_view HeadDraft::value(std::string_view name) const {
  const auto first = std::ranges::find_if(fields_, isNamed(name));
  return first == fields_.end() ? std::string_view() : first->value;
}

bool HeadDraft::has(std::string_view name) const {
  return std::ranges::any_of(fields_, isNamed(name));
}

void HeadDraft::appendTo(std::string& out) const {
  for (const auto& field : fields_)
    out.append(field.name).append(": ").append(field.value).append("\r\n");
}

}  // namespace sluice::proxy
