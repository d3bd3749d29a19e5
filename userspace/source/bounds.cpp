// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/bounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "userspace/source/scalar.h"
#include "userspace/source/time_text.h"

namespace sluice::source {
namespace {

using Complaint = std::optional<std::string>;

/// Kubernetes counts characters, not bytes.
size_t lengthOf(std::string_view utf8) {
  return static_cast<size_t>(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string rangeText(const std::optional<double>& from, const std::optional<double>& to) {
  if (from && to) return fmt::format("{} to {}", *from, *to);
  if (from) return fmt::format("at least {}", *from);
  return to ? fmt::format("at most {}", *to) : std::string();
}

std::string countText(const std::optional<size_t>& from, const std::optional<size_t>& to) {
  if (from && to) return fmt::format("{} to {} entries", *from, *to);
  if (from) return fmt::format("at least {} {}", *from, *from == 1 ? "entry" : "entries");
  return to ? fmt::format("at most {} entries", *to) : std::string();
}

Complaint complaintOfNumber(const Bounds& bounds, std::string_view text) {
  const auto number = floatValue(text);
  if (!number) return std::nullopt;
  if ((bounds.at_least && *number < *bounds.at_least) ||
      (bounds.at_most && *number > *bounds.at_most)) {
    return fmt::format("must be {}, is {}", rangeText(bounds.at_least, bounds.at_most),
                       text.substr(0, 40));
  }
  return std::nullopt;
}

Complaint complaintOfString(const Bounds& bounds, std::string_view text) {
  if (bounds.shortest) {
    const auto duration = parseDuration(text);
    if (duration && *duration < *bounds.shortest) {
      return fmt::format("must be at least {}, is {}", durationText(*bounds.shortest), text);
    }
  }
  if (bounds.max_length && lengthOf(text) > *bounds.max_length) {
    return fmt::format("is longer than {} characters", *bounds.max_length);
  }
  return bounds.rule == nullptr ? std::nullopt : bounds.rule(text);
}

Complaint complaintOfCount(const Bounds& bounds, size_t count) {
  if ((bounds.min_items && count < *bounds.min_items) ||
      (bounds.max_items && count > *bounds.max_items)) {
    return fmt::format("must have {}, has {}", countText(bounds.min_items, bounds.max_items),
                       count);
  }
  return std::nullopt;
}

}  // namespace

Complaint Bounds::complaint(const YamlNode& value) const {
  switch (value.kind) {
    case YamlNode::Kind::kNull:
      return std::nullopt;
    case YamlNode::Kind::kSequence:
      return complaintOfCount(*this, value.items.size());
    case YamlNode::Kind::kMap:
      return complaintOfCount(*this, value.entries.size());
    case YamlNode::Kind::kScalar:
      break;
  }
  return scalarType(value) == ScalarType::kString ? complaintOfString(*this, value.text)
                                                  : complaintOfNumber(*this, value.text);
}

std::string Bounds::text() const {
  std::vector<std::string> parts = {rangeText(at_least, at_most), countText(min_items, max_items)};
  if (shortest) parts.push_back("at least " + durationText(*shortest));
  if (max_length) parts.push_back(fmt::format("at most {} characters", *max_length));
  std::erase(parts, "");
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace sluice::source
