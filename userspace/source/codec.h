// SPDX-License-Identifier: Apache-2.0
// How C++ types are read from YAML and written. A codec of T has
//   static std::string type();               for people
//   static const Message* message();         of the value or its elements, or null
//   static void decode(Decoder&, const YamlNode&, const Location&, T& out);
//   static YamlNodePtr encode(const T&);
// A struct needs no codec of its own, only define<T>(); an enum needs EnumNames<T>.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "userspace/base/rare.h"
#include "userspace/base/shared.h"
#include "userspace/model/labels.h"
#include "userspace/source/description.h"
#include "userspace/source/encoder.h"

namespace sluice::source {

/// `static constexpr std::array<std::pair<std::string_view, E>, n> kNames`.
template <typename E>
struct EnumNames;

/// Codecs of single values: no message inside.
struct PlainCodec {
  static const Message* message() { return nullptr; }
};

/// Reads an integer between `smallest` and `largest`; nothing, and a finding, otherwise.
std::optional<int64_t> decodeInteger(Decoder& decoder, const YamlNode& node, const Location& at,
                                     int64_t smallest, int64_t largest);

/// The index of the word in `names`; nothing, and a finding, when it is none of them.
std::optional<size_t> decodeWord(Decoder& decoder, const YamlNode& node, const Location& at,
                                 const std::vector<std::string_view>& names);

/// T as the message that `Spelling` describes: for structs that the API writes in several ways.
template <typename T, typename Spelling>
struct As {
  static std::string type() { return std::string(describe<Spelling>().name); }
  static const Message* message() { return &describe<Spelling>(); }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, T& out) {
    decoder.message(node, at, describe<Spelling>(), &out);
  }
  static YamlNodePtr encode(const T& value) { return encodeMessage(describe<Spelling>(), &value); }
};

// Structs: as described.
template <typename T>
struct Codec : As<T, T> {};

template <>
struct Codec<std::string> : PlainCodec {
  static std::string type() { return "string"; }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, std::string& out);
  static YamlNodePtr encode(const std::string& value) { return stringNode(value); }
};

template <>
struct Codec<bool> : PlainCodec {
  static std::string type() { return "boolean"; }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, bool& out);
  static YamlNodePtr encode(bool value) { return plainNode(value ? "true" : "false"); }
};

template <>
struct Codec<double> : PlainCodec {
  static std::string type() { return "number"; }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, double& out);
  static YamlNodePtr encode(double value);
};

template <typename T>
  requires std::is_integral_v<T>
struct Codec<T> : PlainCodec {
  static std::string type() { return "integer"; }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, T& out) {
    // No number of the APIs needs the upper half of uint64.
    constexpr uint64_t kLargestInt64 = std::numeric_limits<int64_t>::max();
    constexpr auto kLargest = static_cast<int64_t>(
        std::min(static_cast<uint64_t>(std::numeric_limits<T>::max()), kLargestInt64));
    constexpr int64_t kSmallest = std::is_signed_v<T> ? -kLargest - 1 : 0;
    if (const auto value = decodeInteger(decoder, node, at, kSmallest, kLargest)) {
      out = static_cast<T>(*value);
    }
  }
  static YamlNodePtr encode(T value) { return plainNode(std::to_string(value)); }
};

/// Go's duration, "1h2m3.5s", as protobuf's JSON has it.
template <>
struct Codec<std::chrono::nanoseconds> : PlainCodec {
  static std::string type() { return "duration"; }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::chrono::nanoseconds& out);
  static YamlNodePtr encode(std::chrono::nanoseconds value);
};

/// RFC 3339, "2026-01-01T00:00:00Z".
template <>
struct Codec<std::chrono::sys_seconds> : PlainCodec {
  static std::string type() { return "time"; }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::chrono::sys_seconds& out);
  static YamlNodePtr encode(std::chrono::sys_seconds value);
};

template <typename E>
  requires std::is_enum_v<E>
struct Codec<E> : PlainCodec {
  static std::string type() {
    std::string words;
    for (const auto& [name, value] : EnumNames<E>::kNames) {
      words.append(words.empty() ? "" : ", ").append(name);
    }
    return words;
  }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, E& out) {
    std::vector<std::string_view> names;
    names.reserve(std::size(EnumNames<E>::kNames));
    for (const auto& [name, value] : EnumNames<E>::kNames) names.push_back(name);
    if (const auto index = decodeWord(decoder, node, at, names)) {
      out = EnumNames<E>::kNames[*index].second;
    }
  }
  static YamlNodePtr encode(E wanted) {
    for (const auto& [name, value] : EnumNames<E>::kNames) {
      if (value == wanted) return stringNode(name);
    }
    return nullptr;
  }
};

template <typename T, typename C, typename Optional = std::optional<T>>
struct OptionalOf {
  static std::string type() { return C::type(); }
  static const Message* message() { return C::message(); }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, Optional& out) {
    C::decode(decoder, node, at, out.emplace());
  }
  static YamlNodePtr encode(const Optional& value) { return value ? C::encode(*value) : nullptr; }
};

template <typename T>
struct Codec<std::optional<T>> : OptionalOf<T, Codec<T>> {};

template <typename T>
struct Codec<Rare<T>> : OptionalOf<T, Codec<T>, Rare<T>> {};

template <typename T>
struct Codec<Shared<T>> {
  static std::string type() { return Codec<T>::type(); }
  static const Message* message() { return Codec<T>::message(); }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, Shared<T>& out) {
    Codec<T>::decode(decoder, node, at, out.edit());
  }
  static YamlNodePtr encode(const Shared<T>& value) { return Codec<T>::encode(*value); }
};

/// A number where 0 says the same as nothing, because protobuf cannot tell them apart.
template <typename T>
struct UnlessZero : PlainCodec {
  static std::string type() { return Codec<T>::type(); }
  template <typename Out>
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, Out& out) {
    T value{};
    Codec<T>::decode(decoder, node, at, value);
    if (value != T{}) out = value;
  }
  static YamlNodePtr encode(const std::optional<T>& value) {
    return value ? Codec<T>::encode(*value) : nullptr;
  }
};

template <typename T, typename C>
struct ListOf {
  static std::string type() { return "list of " + C::type(); }
  static const Message* message() { return C::message(); }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::vector<T>& out) {
    if (!node.isSequence()) return decoder.wrongType(node, at, "a list");
    out.clear();
    out.reserve(node.items.size());
    for (size_t i = 0; i < node.items.size(); ++i) {
      C::decode(decoder, *node.items[i], at.item(i), out.emplace_back());
    }
  }
  static YamlNodePtr encode(const std::vector<T>& values) {
    ListBuilder list;
    for (const T& value : values) list.add(C::encode(value));
    return std::move(list).take();
  }
};

template <typename T>
struct Codec<std::vector<T>> : ListOf<T, Codec<T>> {};

/// `fold` makes the map's key of the file's.
template <typename T, std::string (*fold)(std::string_view)>
struct MapCodec {
  static std::string type() { return "map of " + Codec<T>::type(); }
  static const Message* message() { return Codec<T>::message(); }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at,
                     std::map<std::string, T>& out) {
    if (!node.isMap()) return decoder.wrongType(node, at, "a mapping");
    decoder.checkDuplicates(node, at, true);
    for (const auto& [key, value] : node.entries) {
      const Location here = at.entry(key->text);
      const auto [element, is_new] = out.try_emplace(fold(key->text));
      if (!is_new && !node.repeats_a_key) {
        decoder.duplicateKey(here, key->text, key->place,
                             "remove one of them; letter case makes no difference");
      }
      Codec<T>::decode(decoder, *value, here, element->second);
    }
  }
  static YamlNodePtr encode(const std::map<std::string, T>& values) {
    MapBuilder map;
    for (const auto& [key, value] : values) map.add(key, Codec<T>::encode(value));
    return std::move(map).take();
  }
};

template <>
struct Codec<Labels> : PlainCodec {
  static std::string type() { return "map of string"; }
  static void decode(Decoder& decoder, const YamlNode& node, const Location& at, Labels& out);
  static YamlNodePtr encode(const Labels& labels);
};

std::string sameKey(std::string_view key);
std::string lowerCaseKey(std::string_view key);  ///< ASCII

template <typename T>
struct Codec<std::map<std::string, T>> : MapCodec<T, sameKey> {};

/// For maps by header name (RFC 9110 §5.1: names have no letter case).
template <typename T>
using HeaderMap = MapCodec<T, lowerCaseKey>;

}  // namespace sluice::source
