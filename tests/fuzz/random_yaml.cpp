// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/random_yaml.h"

#include <array>
#include <map>
#include <optional>

#include "userspace/source/kinds.h"

namespace sluice::test {
namespace {

using source::Field;
using source::Message;
using Words = std::initializer_list<std::string_view>;

constexpr int kDeepest = 8;

constexpr auto kStrings = std::to_array<std::string_view>({"web",
                                                           "shop",
                                                           "catalog",
                                                           "v1",
                                                           "'*'",
                                                           "mesh",
                                                           "http",
                                                           "'.'",
                                                           "catalog.shop",
                                                           "catalog.shop.svc.cluster.local",
                                                           "'*.shop.svc.cluster.local'",
                                                           "'*.example.com'",
                                                           "api.example.com",
                                                           "10.0.0.1",
                                                           "10.0.0.0/8",
                                                           "'fd00::1'",
                                                           "'::/0'",
                                                           "127.0.0.1",
                                                           "HTTP",
                                                           "HTTP2",
                                                           "GRPC",
                                                           "TCP",
                                                           "TLS",
                                                           "STATIC",
                                                           "DNS",
                                                           "NONE",
                                                           "/",
                                                           "/api",
                                                           "/api/../x",
                                                           "GET",
                                                           "':path'",
                                                           "':authority'",
                                                           "host",
                                                           "x-user",
                                                           "'a.*b'",
                                                           "'(a|b){1,30}'",
                                                           "'.*'",
                                                           "'[a-c]+x'",
                                                           "'(((a{9}){9}){9})'",
                                                           "'\\b'",
                                                           "eu/de/1",
                                                           "kubernetes.io/hostname",
                                                           "5xx,reset",
                                                           "''",
                                                           "~",
                                                           "sluice.io/split",
                                                           "connection",
                                                           "\"\\u00e9\"",
                                                           "\"\\0\"",
                                                           "unix:///x",
                                                           "'%REQ(x)%'"});
constexpr auto kIntegers = std::to_array<std::string_view>({"0",
                                                            "1",
                                                            "2",
                                                            "80",
                                                            "443",
                                                            "8080",
                                                            "100",
                                                            "503",
                                                            "-1",
                                                            "65535",
                                                            "65536",
                                                            "4294967295",
                                                            "4294967296",
                                                            "9223372036854775807",
                                                            "-9223372036854775808",
                                                            "99999999999999999999",
                                                            "010",
                                                            "0x10",
                                                            "1_000",
                                                            "-0"});
constexpr auto kNumbers = std::to_array<std::string_view>(
    {"0", "50", "100", "0.1", "0.00001", "1e2", "1e999", "-1e999", ".nan", ".inf", "-0.0", "1e-9"});
constexpr auto kDurations =
    std::to_array<std::string_view>({"1s", "0s", "1ms", "0.5ns", "1h", "2562047h", "9223372036s",
                                     "1h2m3.5s", "-1s", "1e9s", "99999999999999999999h"});
constexpr auto kOdd = std::to_array<std::string_view>(
    {"{}", "[]", "~", "true", "'1'", "1", "[[]]", "{a: {}}", "0x1F", "1e3", "on", "\"\"", "*a",
     "&a b", "[1, 2, 3]", "!!str 1", "<<", "2001-01-01"});

/// Fields by name, each with the messages that have it.
struct Fields {
  struct Entry {
    const Field* field;
    const Message* message;
  };
  std::multimap<std::string_view, Entry> by_name;
  std::map<const Message*, bool> seen;

  void add(const Message& message) {
    if (!seen.emplace(&message, true).second) return;
    for (const Field& field : message.fields) {
      by_name.emplace(field.name, Entry{&field, &message});
      const Message* nested = field.nested == nullptr ? nullptr : field.nested();
      if (nested != nullptr) add(*nested);
      if (field.group) add(*field.group);
    }
  }
};

const Fields& allFields() {
  static const Fields kFields = [] {
    Fields fields;
    for (const auto& kind : source::kinds()) fields.add(kind.message());
    return fields;
  }();
  return kFields;
}

template <typename List>
std::string pick(RandomYaml& random, const List& list) {
  return std::string(list[random.below(std::size(list))]);
}

/// What is behind `prefix` in `type`.
std::optional<std::string_view> behind(std::string_view type, std::string_view prefix) {
  if (!type.starts_with(prefix)) return std::nullopt;
  return type.substr(prefix.size());
}

std::vector<std::string_view> splitWords(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(", ", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return words;
}

}  // namespace

std::string RandomYaml::resource() {
  const auto& kind = source::kinds()[below(source::kinds().size())];
  std::string text = "---\napiVersion: " + pick(*this, kind.api_versions) + "\nkind: ";
  text.append(kind.name).append("\nmetadata: {name: ").append(word());
  text += ", namespace: " + word() + ", labels: {app: " + word() + "}}\n";
  for (const Field& field : kind.message().fields) {
    const bool said =
        field.name == "metadata" || field.name == "apiVersion" || field.name == "kind";
    if (!said && field.kind != Field::Kind::kIgnored) text += pair(field, 0) + "\n";
  }
  return text;
}

std::string RandomYaml::valueOf(std::string_view field) {
  const auto [first, last] = allFields().by_name.equal_range(field);
  const auto count = static_cast<size_t>(std::distance(first, last));
  if (count == 0 || oneIn(16)) return pick(*this, kOdd);
  return value(*std::next(first, static_cast<std::ptrdiff_t>(below(count)))->second.field, 2);
}

std::string RandomYaml::besides(std::string_view field) {
  const auto [first, last] = allFields().by_name.equal_range(field);
  const auto count = static_cast<size_t>(std::distance(first, last));
  if (count == 0) return word() + ": " + pick(*this, kOdd);
  const auto& entry = std::next(first, static_cast<std::ptrdiff_t>(below(count)))->second;
  const auto& fields = entry.message->fields;
  return pair(fields[below(fields.size())], 2);
}

std::string RandomYaml::pair(const Field& field, int depth) {
  return std::string(field.name) + ": " + value(field, depth);
}

std::string RandomYaml::value(const Field& field, int depth) {
  if (oneIn(64)) return pick(*this, kOdd);
  if (field.group) return mapping(*field.group, depth + 1);
  if (const auto element = behind(field.type, "list of ")) return list(field, *element, depth);
  if (const auto element = behind(field.type, "map of ")) return mapOf(field, *element, depth);
  return single(field, field.type, depth);
}

/// Of several levels of lists and maps all but the outermost are left out: the API has no such.
std::string RandomYaml::single(const Field& field, std::string_view type, int depth) {
  const Message* nested = field.nested == nullptr ? nullptr : field.nested();
  return nested != nullptr ? mapping(*nested, depth + 1) : scalar(type);
}

std::string RandomYaml::list(const Field& field, std::string_view element, int depth) {
  std::string text = "[";
  const size_t count = oneIn(32) ? below(64) : 1 + below(3);
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += ", ";
    text += single(field, element, depth);
  }
  return text + "]";
}

std::string RandomYaml::mapOf(const Field& field, std::string_view element, int depth) {
  std::string text = "{";
  for (size_t i = 1 + below(2); i > 0; --i) {
    if (text.size() > 1) text += ", ";
    text += word() + ": " + single(field, element, depth);
  }
  return text + "}";
}

/// What is required, and some of the rest.
std::string RandomYaml::mapping(const Message& message, int depth) {
  std::string text = "{";
  const size_t share = std::max<size_t>(message.fields.size() / 3, 1);
  for (const Field& field : message.fields) {
    const bool wanted = field.is_required ? !oneIn(32) : oneIn(share);
    if (!wanted || field.kind == Field::Kind::kIgnored || depth > kDeepest) continue;
    if (text.size() > 1) text += ", ";
    text += pair(field, depth);
  }
  return text + "}";
}

std::string RandomYaml::scalar(std::string_view type) {
  if (type == "string") return word();
  if (type == "integer" || type == "integer or string") return pick(*this, kIntegers);
  if (type == "number") return pick(*this, kNumbers);
  if (type == "duration") return pick(*this, kDurations);
  if (type == "boolean") return oneIn(2) ? "true" : "false";
  if (type == "time") return "'2026-01-01T00:00:00Z'";
  if (type == "base64") return "aGVsbG8=";
  return pick(*this, splitWords(type));  // the words of an enum
}

std::string RandomYaml::word() {
  if (!words_.empty() && !oneIn(3)) return pick(*this, words_);
  return pick(*this, kStrings);
}

}  // namespace sluice::test
