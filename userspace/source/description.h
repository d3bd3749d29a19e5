// SPDX-License-Identifier: Apache-2.0
// What the messages of the API look like, as data: one line per field. Decoding, encoding and the
// reference page walk these tables.
//
//   template <>
//   Message define<Destination>() {
//     using M = Destination;
//     return {"Destination",
//             Fields<M>{
//                 field<&M::host>("host", "Name of the service.").required(),
//                 field<&M::subset>("subset", "Subset of its endpoints; absent: all."),
//             }};
//   }
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/source/bounds.h"
#include "userspace/source/decoder.h"

namespace sluice::source {

/// How a C++ type is read and written; see codec.h.
template <typename T>
struct Codec;

struct Field {
  enum class Kind {
    kValue,
    kGroup,    ///< a mapping whose fields belong to the same object, such as `spec`
    kIgnored,  ///< known, without a meaning to us
  };

  std::string_view name;
  std::string_view says;  ///< one or two sentences for the reference
  Kind kind = Kind::kValue;
  bool is_required = false;
  bool is_alias = false;  ///< another spelling of another field: read, never written
  bool is_deprecated = false;
  bool reports_deprecated = false;  ///< Istio's analyzers say so: IST0002
  std::string_view use_instead;     ///< of deprecated fields; empty: there is nothing
  std::string type;                 ///< for people: "string", "list of Subset"
  std::string absent;               ///< for people: what holds without the field
  std::optional<Bounds> bounds;     ///< of the value
  std::optional<Bounds> each;       ///< of each element of a list or value of a map
  std::optional<Bounds> keys;       ///< of each key of a map
  void (*decode)(Decoder&, const YamlNode&, const Location&, void* object) = nullptr;
  /// Null when the value is the default and `even_default` is false.
  YamlNodePtr (*encode)(const void* object, bool even_default) = nullptr;
  const Message* (*nested)() = nullptr;  ///< of the value or of its elements, or null
  std::shared_ptr<const Message> group;  ///< kGroup
};

/// Checks what concerns several fields, once all of them are read without an error.
using MessageRule = void (*)(const void* object, const Location&, Decoder&);

struct Message {
  std::string_view name;
  std::vector<Field> fields;
  /// Of each list at most one field may be set (CRD: oneOf).
  std::vector<std::vector<std::string_view>> one_of;
  std::vector<MessageRule> rules;
  bool is_open = false;  ///< unknown fields are skipped (CRD: x-kubernetes-preserve-unknown-fields)

  const Field* find(std::string_view field_name) const;
};

/// A field of T, so that the compiler refuses fields of other structs in T's table.
template <typename T>
struct FieldOf : Field {
  FieldOf required() const {
    FieldOf result = *this;
    result.is_required = true;
    return result;
  }
  FieldOf alias() const {
    FieldOf result = *this;
    result.is_alias = true;
    return result;
  }
  /// Of a field whose default the type does not show: "30s".
  FieldOf byDefault(std::string value) const {
    FieldOf result = *this;
    result.absent = std::move(value);
    return result;
  }
  FieldOf deprecated(std::string_view instead) const {
    FieldOf result = *this;
    result.is_deprecated = true;
    result.use_instead = instead;
    return result;
  }
  FieldOf reportedAsDeprecated(std::string_view instead) const {
    FieldOf result = deprecated(instead);
    result.reports_deprecated = true;
    return result;
  }
  FieldOf within(const Bounds& limits) const {
    FieldOf result = *this;
    result.bounds = limits;
    return result;
  }
  FieldOf eachWithin(const Bounds& limits) const {
    FieldOf result = *this;
    result.each = limits;
    return result;
  }
  FieldOf keysWithin(const Bounds& limits) const {
    FieldOf result = *this;
    result.keys = limits;
    return result;
  }
};

template <typename T>
struct Fields : std::vector<FieldOf<T>> {
  using std::vector<FieldOf<T>>::vector;
};

/// Builds a Message, without losing which type it describes.
template <typename T>
struct MessageOf : Message {
  MessageOf(std::string_view of, const Fields<T>& all) {
    name = of;
    fields.assign(all.begin(), all.end());
  }
  MessageOf oneOf(std::vector<std::string_view> names) const {
    MessageOf result = *this;
    result.one_of.push_back(std::move(names));
    return result;
  }
  /// `check` gets the decoded object.
  template <void (*check)(const T&, const Location&, Decoder&)>
  MessageOf rule() const {
    MessageOf result = *this;
    result.rules.push_back([](const void* object, const Location& at, Decoder& decoder) {
      check(*static_cast<const T*>(object), at, decoder);
    });
    return result;
  }
  MessageOf open() const {
    MessageOf result = *this;
    result.is_open = true;
    return result;
  }
};

/// The message of T; specialised in *_messages.cpp. T is a typed resource or a part of one, or a
/// name for another spelling of one (see As in codec.h).
template <typename T>
Message define();

template <typename T>
const Message& describe() {
  static const Message kMessage = define<T>();
  return kMessage;
}

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
FieldOf<Object> inherited(std::string_view name, std::string_view says) {
  FieldOf<Object> result;
  result.name = name;
  result.says = says;
  result.type = C::type();
  result.nested = &C::message;
  result.decode = [](Decoder& decoder, const YamlNode& node, const Location& at, void* object) {
    C::decode(decoder, node, at, static_cast<Object*>(object)->*member);
  };
  result.encode = [](const void* object, bool even_default) -> YamlNodePtr {
    const auto& value = static_cast<const Object*>(object)->*member;
    if (!even_default && value == Object{}.*member) return nullptr;
    return C::encode(value);
  };
  return result;
}

/// `member` is read by `C` from the field `name`.
template <auto member, typename C = Codec<typename MemberTraits<decltype(member)>::Value>>
auto field(std::string_view name, std::string_view says) {
  return inherited<typename MemberTraits<decltype(member)>::Object, member, C>(name, says);
}

/// A mapping whose fields are members of T itself.
template <typename T>
FieldOf<T> group(std::string_view name, const MessageOf<T>& message, std::string_view says = {}) {
  FieldOf<T> result;
  result.name = name;
  result.says = says;
  result.kind = Field::Kind::kGroup;
  result.type = "mapping";
  result.group = std::make_shared<const Message>(message);
  return result;
}
template <typename T>
FieldOf<T> group(std::string_view name, const Fields<T>& fields, std::string_view says = {}) {
  return group(name, MessageOf<T>(name, fields), says);
}

/// Part of the API that is checked for its form, as a value of type V, and not kept.
template <typename T, typename V, typename C = Codec<V>>
FieldOf<T> checked(std::string_view name, std::string_view says) {
  FieldOf<T> result;
  result.name = name;
  result.says = says;
  result.type = C::type();
  result.nested = &C::message;
  result.decode = [](Decoder& decoder, const YamlNode& node, const Location& at, void*) {
    V dropped{};
    C::decode(decoder, node, at, dropped);
  };
  result.is_alias = true;
  return result;
}

template <typename T>
FieldOf<T> ignored(std::string_view name) {
  FieldOf<T> result;
  result.name = name;
  result.kind = Field::Kind::kIgnored;
  return result;
}

}  // namespace sluice::source
