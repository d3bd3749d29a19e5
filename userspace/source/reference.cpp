// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>
#include <vector>

#include "userspace/source/codec.h"
#include "userspace/source/kinds.h"

namespace sluice::source {
namespace {

constexpr std::string_view kIntroduction =
    R"(# Resources

Every field that Sluice reads. Required fields have a \*. Unknown fields are errors in
networking.istio.io and sluice.io, and skipped in Kubernetes' own kinds. How values are read and
what happens to a wrong file: [configuration](configuration.md).

`sluicectl get KIND NAME -o yaml` prints a resource as Sluice understands it, without what is
default.

This page is written from the tables that decode the resources.
)";

/// As GitHub makes it.
std::string anchorOf(std::string_view heading) {
  std::string anchor = lowerCaseKey(heading);
  std::erase_if(anchor, [](char c) { return c == '.' || c == '(' || c == ')'; });
  std::ranges::replace(anchor, ' ', '-');
  return anchor;
}

/// A text inside a cell of a table.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '*' || c == '<') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

class Page {
 public:
  std::string write() {
    text_ = kIntroduction;
    listKinds();
    for (const Kind& kind : kinds()) section(kind);
    // Each section may ask for more.
    while (!wanted_.empty()) {
      const Message* next = wanted_.front();
      wanted_.pop_front();
      section(*next);
    }
    return std::move(text_);
  }

 private:
  void listKinds() {
    text_ += "\n## Kinds\n\n| kind | apiVersion | |\n| --- | --- | --- |\n";
    for (const Kind& kind : kinds()) {
      text_ += fmt::format("| [{}](#{}) | `{}` | {} |\n", kind.name, anchorOf(kind.name),
                           fmt::join(kind.api_versions, "` `"), kind.says);
    }
  }

  void section(const Kind& kind) {
    const Message& message = kind.message();
    seen_.insert(&message);
    text_ += fmt::format("\n## {}\n\n{}\n", kind.name, kind.says);
    table(message);
  }

  void section(const Message& message) {
    text_ += fmt::format("\n### {}\n", message.name);
    table(message);
  }

  void table(const Message& message) {
    text_ += "\n| field | type | absent | |\n| --- | --- | --- | --- |\n";
    std::vector<std::string> notes;
    rows(message, "", notes);
    for (const std::string& note : notes) text_ += "\n" + note + "\n";
  }

  void rows(const Message& message, const std::string& prefix, std::vector<std::string>& notes) {
    for (const Field& field : message.fields) {
      if (field.kind == Field::Kind::kIgnored) continue;
      const std::string name = prefix + std::string(field.name);
      row(field, name);
      if (field.group) rows(*field.group, name + ".", notes);
    }
    for (const auto& names : message.one_of) {
      notes.push_back(fmt::format("At most one of `{}{}`.", prefix,
                                  fmt::join(names, fmt::format("`, `{}", prefix))));
    }
  }

  void row(const Field& field, const std::string& name) {
    if (field.kind == Field::Kind::kGroup && field.says.empty() && !field.is_required) return;
    text_ += fmt::format("| `{}`{} | {} | {} | {} |\n", name, field.is_required ? "\\*" : "",
                         typeOf(field), cell(field.absent), meaningOf(field));
  }

  std::string typeOf(const Field& field) {
    const Message* nested = field.nested == nullptr ? nullptr : field.nested();
    if (nested == nullptr) return cell(field.type);
    if (seen_.insert(nested).second) wanted_.push_back(nested);
    // The type ends with the name of the message: "list of Destination".
    std::string type = field.type;
    const auto end = type.rfind(nested->name);
    const std::string before = end == std::string::npos ? "" : type.substr(0, end);
    return fmt::format("{}[{}](#{})", before, nested->name, anchorOf(nested->name));
  }

  static std::string meaningOf(const Field& field) {
    std::string meaning = cell(field.says);
    if (field.is_deprecated) {
      meaning += field.use_instead.empty() ? " Deprecated."
                                           : fmt::format(" Deprecated: `{}`.", field.use_instead);
    }
    if (field.bounds) addLimits(meaning, "", *field.bounds);
    if (field.each) addLimits(meaning, "Each: ", *field.each);
    return meaning;
  }

  static void addLimits(std::string& meaning, std::string_view of, const Bounds& bounds) {
    const std::string limits = bounds.text();
    if (limits.empty()) return;
    std::string sentence = std::string(of) + limits;
    if (sentence[0] >= 'a' && sentence[0] <= 'z') {
      sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
    }
    meaning += " " + sentence + ".";
  }

  std::string text_;
  std::set<const Message*> seen_;
  std::deque<const Message*> wanted_;
};

}  // namespace

std::string resourcesPage() { return Page().write(); }

}  // namespace sluice::source
