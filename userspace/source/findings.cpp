// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/findings.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "userspace/source/codes.h"
#include "userspace/source/limits.h"

namespace sluice::source {
namespace {

/// A part of a document, and where users are sent for it.
struct Found {
  const YamlNode* node;
  Place place;
};

bool endsPart(std::string_view rest) {
  return rest.empty() || rest[0] == '.' || rest[0] == '[' || rest[0] == '{';
}

/// Takes `key` off the front of `rest`. `closing`: what must follow it, or 0 for the end of a part.
bool takeKey(std::string_view& rest, std::string_view key, char closing) {
  if (!rest.starts_with(key)) return false;
  std::string_view after = rest.substr(key.size());
  if (closing != 0) {
    if (!after.starts_with(closing)) return false;
    after.remove_prefix(1);
  }
  if (!endsPart(after)) return false;
  rest = after;
  return true;
}

Place placeOfField(const YamlNode& key, const YamlNode& value) {
  return value.place.line > key.place.line ? key.place : value.place;
}

/// A field "name" or an entry "{name}". Names may hold dots and brackets, so that only the
/// document says where a name ends.
std::optional<Found> takeEntry(const YamlNode& map, std::string_view& rest) {
  const bool is_entry = rest.starts_with('{');
  std::optional<Found> found;
  std::string_view shortest = rest;
  for (const auto& [key, value] : map.entries) {
    std::string_view after = rest.substr(is_entry ? 1 : 0);
    if (!takeKey(after, key->text, is_entry ? '}' : '\0')) continue;
    if (found && after.size() >= shortest.size()) continue;
    found = {value.get(), is_entry ? key->place : placeOfField(*key, *value)};
    shortest = after;
  }
  rest = shortest;
  return found;
}

/// "[3]".
std::optional<Found> takeItem(const YamlNode& list, std::string_view& rest) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), index);
  if (error != std::errc() || index >= list.items.size()) return std::nullopt;
  rest.remove_prefix(static_cast<size_t>(end - rest.data()) + 1);
  const YamlNode* item = list.items[index].get();
  return Found{item, item->place};
}

/// The place of the deepest part on the way of `path`.
Place deepestPlace(const YamlNode& document, std::string_view path) {
  Found at = {&document, document.place};
  while (!path.empty()) {
    if (path[0] == '.') path.remove_prefix(1);
    const auto next = at.node->isSequence() && path.starts_with('[') ? takeItem(*at.node, path)
                                                                     : takeEntry(*at.node, path);
    if (!next) break;
    at = *next;
  }
  return at.place;
}

}  // namespace

Position Findings::positionOf(const FieldPath& path) const {
  if (document_ == nullptr) return {file_, 0, 0};
  const Place place = deepestPlace(*document_, path.exact());
  return {file_, place.line, place.column};
}

bool Findings::full() const { return diagnostics_.size() >= kMaxDiagnostics; }

Diagnostics Findings::take() {
  if (left_out_ > 0) {
    diagnostics_.push_back({code::kLimit, Diagnostic::Level::kInfo, resource_,
                            positionOf(FieldPath()), "",
                            fmt::format("{} further findings are not shown", left_out_), ""});
  }
  return std::move(diagnostics_);
}

void Findings::error(const char* code, const FieldPath& path, std::string message,
                     std::string hint) {
  add(Diagnostic::Level::kError, code, path, std::move(message), std::move(hint));
}

void Findings::errorAt(Place place, const char* code, const FieldPath& path, std::string message,
                       std::string hint) {
  if (!admit(Diagnostic::Level::kError)) return;
  diagnostics_.push_back({code,
                          Diagnostic::Level::kError,
                          resource_,
                          {file_, place.line, place.column},
                          path.shown(),
                          std::move(message),
                          std::move(hint)});
}

void Findings::warning(const char* code, const FieldPath& path, std::string message,
                       std::string hint) {
  add(Diagnostic::Level::kWarning, code, path, std::move(message), std::move(hint));
}

void Findings::info(const char* code, const FieldPath& path, std::string message,
                    std::string hint) {
  add(Diagnostic::Level::kInfo, code, path, std::move(message), std::move(hint));
}

void Findings::invalid(const FieldPath& path, std::string message, std::string hint) {
  error(code::kIstioInvalid, path, std::move(message), std::move(hint));
}

bool Findings::admit(Diagnostic::Level level) {
  const bool is_first_error = level == Diagnostic::Level::kError && errors_ == 0;
  if (level == Diagnostic::Level::kError) ++errors_;
  // An error is never lost to a limit that warnings have used up.
  if (!full() || is_first_error) return true;
  ++left_out_;
  return false;
}

void Findings::add(Diagnostic::Level level, const char* code, const FieldPath& path,
                   std::string message, std::string hint) {
  if (!admit(level)) return;
  diagnostics_.push_back({code, level, resource_, positionOf(path), path.shown(),
                          std::move(message), std::move(hint)});
}

}  // namespace sluice::source
