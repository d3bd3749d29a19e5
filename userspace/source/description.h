// SPDX-License-Identifier: Apache-2.0
// What the messages of the API look like, as data: one line per field. Decoding walks these
// tables; so can whatever else needs the shape of a resource.
//
//   template <>
//   const Message& describe<Destination>() {
//     static const Message message = messageOf<Destination>("Destination", {
//         field<&Destination::host>("host").required(),
//         field<&Destination::subset>("subset"),
//     });
//     return message;
//   }
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/source/decoder.h"

namespace sluice::source {

/// How a C++ type is read from YAML; see codec.h.
template <typename T>
struct Codec;

struct Field {
  enum class Kind {
    kValue,
    kGroup,    ///< a mapping whose fields belong to the same object, such as `spec`
    kIgnored,  ///< known, without a meaning to us, such as `status`
    kLater,    ///< of the API, but this version cannot carry it out
  };

  std::string_view name;
  Kind kind = Kind::kValue;
  bool is_required = false;
  std::string type;              ///< for people: "string", "list of Subset"
  std::string_view use_instead;  ///< not empty: deprecated in favour of this
  void (*decode)(Decoder&, const Node&, const FieldPath&, void* object) = nullptr;
  const Message* (*nested)() = nullptr;  ///< of the value or of its elements, or null
  std::shared_ptr<const Message> group;  ///< kGroup
};

struct Message {
  std::string_view name;
  std::vector<Field> fields;
  /// Fields of which at most one may be set.
  std::vector<std::string_view> one_of;

  const Field* find(std::string_view field_name) const;
};

/// The message of T; specialised in *_messages.cpp.
template <typename T>
const Message& describe();

/// A field of T, so that the compiler refuses fields of other structs in T's table.
template <typename T>
struct FieldOf : Field {
  FieldOf required() && {
    is_required = true;
    return std::move(*this);
  }
  FieldOf deprecated(std::string_view instead) && {
    use_instead = instead;
    return std::move(*this);
  }
};

template <typename T>
struct MemberTraits;
template <typename Owner, typename Type>
struct MemberTraits<Type Owner::*> {
  using Object = Owner;
  using Value = Type;
};

/// `member`, which `Object` may have inherited, is read by `C` from the field `name`.
template <typename Object, auto member,
          typename C = Codec<typename MemberTraits<decltype(member)>::Value>>
FieldOf<Object> inherited(std::string_view name) {
  FieldOf<Object> result;
  result.name = name;
  result.type = C::type();
  result.nested = &C::message;
  result.decode = [](Decoder& decoder, const Node& node, const FieldPath& path, void* object) {
    C::decode(decoder, node, path, static_cast<Object*>(object)->*member);
  };
  return result;
}

/// `member` is read by `C` from the field `name`.
template <auto member, typename C = Codec<typename MemberTraits<decltype(member)>::Value>>
auto field(std::string_view name) {
  return inherited<typename MemberTraits<decltype(member)>::Object, member, C>(name);
}

template <typename T>
Message messageOf(std::string_view name, std::initializer_list<FieldOf<T>> fields) {
  Message message;
  message.name = name;
  message.fields.assign(fields.begin(), fields.end());
  return message;
}

/// A mapping whose fields are members of T itself.
template <typename T>
FieldOf<T> group(std::string_view name, std::initializer_list<FieldOf<T>> fields) {
  FieldOf<T> result;
  result.name = name;
  result.kind = Field::Kind::kGroup;
  result.type = "mapping";
  result.group = std::make_shared<const Message>(messageOf<T>(name, fields));
  return result;
}

template <typename T>
FieldOf<T> ignored(std::string_view name) {
  FieldOf<T> result;
  result.name = name;
  result.kind = Field::Kind::kIgnored;
  return result;
}

template <typename T>
FieldOf<T> later(std::string_view name) {
  FieldOf<T> result;
  result.name = name;
  result.kind = Field::Kind::kLater;
  return result;
}

/// At most one of `names` may be set (CRD: oneOf).
inline Message withOneOf(Message message, std::initializer_list<std::string_view> names) {
  message.one_of.assign(names);
  return message;
}

}  // namespace sluice::source
