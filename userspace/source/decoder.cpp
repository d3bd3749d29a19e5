// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "userspace/source/codes.h"
#include "userspace/source/description.h"
#include "userspace/source/nearest.h"
#include "userspace/source/scalar.h"

namespace sluice::source {
namespace {

std::optional<std::string_view> nearestField(std::string_view name, const Message& message) {
  std::vector<std::string_view> known;
  known.reserve(message.fields.size());
  for (const Field& field : message.fields) known.push_back(field.name);
  return nearest(name, known);
}

}  // namespace

void Decoder::message(const YamlNode& node, const Location& at, const Message& message,
                      void* object) {
  if (!node.isMap()) return wrongType(node, at, "a mapping");
  checkDuplicates(node, at, false);
  checkNames(node, at, message);
  checkOneOf(node, at, message);
  const size_t errors = findings_.errors();
  fields(node, at, message, object);
  if (findings_.errors() > errors) return;
  for (const MessageRule rule : message.rules) rule(object, at, *this);
}

void Decoder::checkDuplicates(const YamlNode& map, const Location& at, bool are_entries) {
  if (!map.repeats_a_key) return;
  std::unordered_set<std::string_view> seen;
  for (const auto& [key, value] : map.entries) {
    if (seen.insert(key->text).second) continue;
    duplicateKey(are_entries ? at.entry(key->text) : at.field(key->text), key->text, key->place);
  }
}

void Decoder::checkNames(const YamlNode& node, const Location& at, const Message& message) {
  for (const auto& [key, value] : node.entries) {
    const Field* field = message.find(key->text);
    const Location here = at.field(key->text);
    const bool skips = message.is_open || dialect_.skips_unknown_fields;
    if (field == nullptr && !skips) {
      unknownField(here, key->text, key->place, message);
    } else if (field == nullptr || field->kind == Field::Kind::kIgnored) {
      checkSkipped(*value, here);
    } else if (field->reports_deprecated) {
      deprecated(here, field->use_instead);
    }
  }
}

/// The API server looks for keys that are there twice in what we skip, too.
void Decoder::checkSkipped(const YamlNode& node, const Location& at) {
  if (!node.repeats_keys_in) return;
  checkDuplicates(node, at, true);
  for (const auto& [key, value] : node.entries) checkSkipped(*value, at);
  for (const auto& item : node.items) checkSkipped(*item, at);
}

void Decoder::checkOneOf(const YamlNode& node, const Location& at, const Message& message) {
  const auto is_set = [&node](std::string_view name) {
    const YamlNode* value = node.find(name);
    return value != nullptr && !isNullValue(*value);
  };
  for (const auto& names : message.one_of) {
    if (std::ranges::count_if(names, is_set) < 2) continue;
    invalid(at, fmt::format("only one of {} may be set", fmt::join(names, ", ")),
            "remove the others");
  }
}

void Decoder::fields(const YamlNode& node, const Location& at, const Message& message,
                     void* object) {
  for (const Field& field : message.fields) {
    if (field.kind == Field::Kind::kIgnored) continue;
    const YamlNode* value = node.find(field.name);
    // Kubernetes: a field that is null is a field that is absent.
    if (value != nullptr && !isNullValue(*value)) {
      this->value(*value, at.field(field.name), field, object);
    } else if (field.is_required) {
      invalid(at.field(field.name), fmt::format("{} is required", field.name));
    }
  }
}

void Decoder::value(const YamlNode& node, const Location& at, const Field& field, void* object) {
  const size_t errors = findings_.errors();
  if (field.kind == Field::Kind::kGroup) {
    message(node, at, *field.group, object);
  } else {
    field.decode(*this, node, at, object);
  }
  // A value of the wrong type has been refused for that already.
  if (findings_.errors() == errors) checkBounds(node, at, field);
}

void Decoder::checkBounds(const YamlNode& node, const Location& at, const Field& field) {
  const auto check = [this](const Bounds& bounds, const YamlNode& value, const Location& where) {
    if (const auto complaint = bounds.complaint(value)) invalid(where, *complaint);
  };
  if (field.bounds) check(*field.bounds, node, at);
  if (!field.each && !field.keys) return;
  for (size_t i = 0; i < node.items.size(); ++i) check(*field.each, *node.items[i], at.item(i));
  for (const auto& [key, value] : node.entries) {
    if (field.keys) check(*field.keys, *key, at.entry(key->text));
    if (field.each) check(*field.each, *value, at.entry(key->text));
  }
}

void Decoder::unknownField(const Location& at, std::string_view name, Place place,
                           const Message& message) {
  // Of findings that nobody sees, the guess is not worth its time.
  std::optional<std::string_view> near;
  if (!findings_.full()) near = nearestField(name, message);
  findings_.errorAt(place, dialect_.unknown_field, at.path(),
                    fmt::format("{} has no field \"{}\"", message.name, name),
                    near ? fmt::format("did you mean \"{}\"?", *near) : std::string());
}

void Decoder::wrongType(const YamlNode& node, const Location& at, std::string_view wanted) {
  std::string hint;
  if (wanted == "a string" && node.kind == YamlNode::Kind::kScalar) {
    hint = fmt::format("quote it: \"{}\"", node.text.substr(0, 40));
  } else if (node.quoted && node.kind == YamlNode::Kind::kScalar) {
    hint = "remove the quotes";
  }
  findings_.error(dialect_.wrong_type, at.path(),
                  fmt::format("must be {}, is {}", wanted, describeValue(node)), std::move(hint));
}

void Decoder::invalid(const Location& at, std::string message, std::string hint) {
  findings_.error(dialect_.invalid_value, at.path(), std::move(message), std::move(hint));
}

void Decoder::deprecated(const Location& at, std::string_view instead) {
  findings_.warning(code::kIstioDeprecated, at.path(),
                    instead.empty() ? "is deprecated and without effect" : "is deprecated",
                    instead.empty() ? "remove it" : fmt::format("write {}", instead));
}

void Decoder::duplicateKey(const Location& at, std::string_view key, Place place,
                           std::string hint) {
  findings_.errorAt(place, dialect_.duplicate_key, at.path(),
                    fmt::format("key \"{}\" is here twice", key),
                    hint.empty() ? "remove one of them" : std::move(hint));
}

}  // namespace sluice::source
