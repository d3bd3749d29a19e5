// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/decoder.h"

#include <fmt/format.h>

#include <algorithm>

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

void Decoder::message(const Node& node, const FieldPath& path, const Message& message,
                      void* object) {
  if (!node.isMap()) return wrongType(node, path, "a mapping");
  checkNames(node, path, message);
  checkOneOf(node, path, message);
  fields(node, path, message, object);
}

void Decoder::checkNames(const Node& node, const FieldPath& path, const Message& message) {
  for (const auto& [key, value] : node.entries) {
    const Field* field = message.find(key->text);
    if (field == nullptr && unknown_ == UnknownFields::kSkip) continue;
    const FieldPath at = path / key->text;
    findings_.place(at, key->place);
    if (field == nullptr) {
      unknownField(at, key->text, message);
    } else if (field->kind == Field::Kind::kLater && !isNullValue(*value)) {
      notSupported(at);
    } else if (!field->use_instead.empty()) {
      deprecated(at, field->use_instead);
    }
  }
}

void Decoder::checkOneOf(const Node& node, const FieldPath& path, const Message& message) {
  const auto is_set = [&node](std::string_view name) {
    const Node* value = node.find(name);
    return value != nullptr && !isNullValue(*value);
  };
  if (std::ranges::count_if(message.one_of, is_set) < 2) return;
  invalid(path, fmt::format("only one of {} may be set", fmt::join(message.one_of, ", ")),
          "remove the others");
}

void Decoder::fields(const Node& node, const FieldPath& path, const Message& message,
                     void* object) {
  for (const Field& field : message.fields) {
    if (field.kind == Field::Kind::kIgnored || field.kind == Field::Kind::kLater) continue;
    const FieldPath at = path / field.name;
    const Node* value = node.find(field.name);
    // Kubernetes: a field that is null is a field that is absent.
    if (value == nullptr || isNullValue(*value)) {
      if (field.is_required) invalid(at, fmt::format("{} is required", field.name));
      continue;
    }
    place(at, *value);
    if (field.kind == Field::Kind::kGroup) {
      this->message(*value, at, *field.group, object);
    } else {
      field.decode(*this, *value, at, object);
    }
  }
}

void Decoder::unknownField(const FieldPath& path, std::string_view name, const Message& message) {
  // Of findings that nobody sees, the guess is not worth its time.
  std::optional<std::string_view> near;
  if (!findings_.full()) near = nearestField(name, message);
  findings_.error(code::kUnknownField, path,
                  fmt::format("{} has no field \"{}\"", message.name, name),
                  near ? fmt::format("did you mean \"{}\"?", *near) : std::string());
}

void Decoder::notSupported(const FieldPath& path) {
  findings_.error(code::kNotSupported, path, "not supported yet by this version",
                  "remove it; the resource is not used while it is there, because the rule would "
                  "do something else than it says");
}

void Decoder::wrongType(const Node& node, const FieldPath& path, std::string_view wanted) {
  place(path, node);
  std::string hint;
  if (wanted == "a string" && node.kind == Node::Kind::kScalar) {
    hint = fmt::format("quote it: \"{}\"", node.text.substr(0, 40));
  } else if (node.quoted && node.kind == Node::Kind::kScalar) {
    hint = "remove the quotes";
  }
  findings_.error(code::kWrongType, path,
                  fmt::format("must be {}, is {}", wanted, describeValue(node)), std::move(hint));
}

void Decoder::invalid(const FieldPath& path, std::string message, std::string hint) {
  findings_.error(invalid_code_, path, std::move(message), std::move(hint));
}

void Decoder::deprecated(const FieldPath& path, std::string_view instead) {
  findings_.warning(code::kIstioDeprecated, path, "is deprecated",
                    fmt::format("write {}", instead));
}

void Decoder::duplicateKey(const FieldPath& path, std::string_view key) {
  findings_.error(code::kDuplicateKey, path,
                  fmt::format("\"{}\" is here twice; letter case makes no difference", key),
                  "remove one of them");
}

}  // namespace sluice::source
