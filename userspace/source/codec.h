// SPDX-License-Identifier: Apache-2.0
// How C++ types are read from YAML. A codec has
//   static std::string type();               for people
//   static const Message* message();         of the value or its elements, or null
//   static void decode(Decoder&, const Node&, const FieldPath&, T& out);
// A struct needs no codec of its own, only describe<T>(); an enum needs EnumNames<T>.
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

#include "userspace/source/description.h"

namespace sluice::source {

/// `static constexpr std::array<std::pair<std::string_view, E>, n> kNames`.
template <typename E>
struct EnumNames;

/// Codecs of single values: no message inside.
struct PlainCodec {
  static const Message* message() { return nullptr; }
};

/// Reads an integer between `smallest` and `largest`; nothing, and a finding, otherwise.
std::optional<int64_t> decodeInteger(Decoder& decoder, const Node& node, const FieldPath& path,
                                     int64_t smallest, int64_t largest);

/// The index of the word in `names`; nothing, and a finding, when it is none of them.
std::optional<size_t> decodeWord(Decoder& decoder, const Node& node, const FieldPath& path,
                                 const std::vector<std::string_view>& names);

// Structs: as described.
template <typename T>
struct Codec {
  static std::string type() { return std::string(describe<T>().name); }
  static const Message* message() { return &describe<T>(); }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path, T& out) {
    decoder.message(node, path, describe<T>(), &out);
  }
};

template <>
struct Codec<std::string> : PlainCodec {
  static std::string type() { return "string"; }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path, std::string& out);
};

template <>
struct Codec<bool> : PlainCodec {
  static std::string type() { return "boolean"; }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path, bool& out);
};

template <>
struct Codec<double> : PlainCodec {
  static std::string type() { return "number"; }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path, double& out);
};

template <typename T>
  requires std::is_integral_v<T>
struct Codec<T> : PlainCodec {
  static std::string type() { return "integer"; }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path, T& out) {
    // protobuf's and Kubernetes' integers are int32, whatever the sign of ours.
    constexpr int64_t kLargest =
        std::min<int64_t>(std::numeric_limits<T>::max(), std::numeric_limits<int32_t>::max());
    constexpr int64_t kSmallest = std::is_signed_v<T> ? -kLargest - 1 : 0;
    if (const auto value = decodeInteger(decoder, node, path, kSmallest, kLargest)) {
      out = static_cast<T>(*value);
    }
  }
};

/// Go's duration, "1h2m3.5s", as protobuf's JSON has it.
template <>
struct Codec<std::chrono::nanoseconds> : PlainCodec {
  static std::string type() { return "duration"; }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path,
                     std::chrono::nanoseconds& out);
};

/// RFC 3339, "2026-01-01T00:00:00Z".
template <>
struct Codec<std::chrono::sys_seconds> : PlainCodec {
  static std::string type() { return "time"; }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path,
                     std::chrono::sys_seconds& out);
};

template <typename E>
  requires std::is_enum_v<E>
struct Codec<E> : PlainCodec {
  static std::string type() { return "word"; }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path, E& out) {
    std::vector<std::string_view> names;
    names.reserve(std::size(EnumNames<E>::kNames));
    for (const auto& [name, value] : EnumNames<E>::kNames) names.push_back(name);
    if (const auto index = decodeWord(decoder, node, path, names)) {
      out = EnumNames<E>::kNames[*index].second;
    }
  }
};

template <typename T>
struct Codec<std::optional<T>> {
  static std::string type() { return Codec<T>::type(); }
  static const Message* message() { return Codec<T>::message(); }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path,
                     std::optional<T>& out) {
    Codec<T>::decode(decoder, node, path, out.emplace());
  }
};

template <typename T>
struct Codec<std::vector<T>> {
  static std::string type() { return "list of " + Codec<T>::type(); }
  static const Message* message() { return Codec<T>::message(); }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path,
                     std::vector<T>& out) {
    if (!node.isSequence()) return decoder.wrongType(node, path, "a list");
    out.clear();
    out.reserve(node.items.size());
    for (size_t i = 0; i < node.items.size(); ++i) {
      const FieldPath at = path[i];
      decoder.place(at, *node.items[i]);
      Codec<T>::decode(decoder, *node.items[i], at, out.emplace_back());
    }
  }
};

/// `fold` makes the map's key of the file's.
template <typename T, std::string (*fold)(std::string_view)>
struct MapCodec {
  static std::string type() { return "map of " + Codec<T>::type(); }
  static const Message* message() { return Codec<T>::message(); }
  static void decode(Decoder& decoder, const Node& node, const FieldPath& path,
                     std::map<std::string, T>& out) {
    if (!node.isMap()) return decoder.wrongType(node, path, "a mapping");
    for (const auto& [key, value] : node.entries) {
      const FieldPath at = path.entry(key->text);
      decoder.place(at, *key);
      const auto [element, is_new] = out.try_emplace(fold(key->text));
      if (!is_new) decoder.duplicateKey(at, key->text);
      Codec<T>::decode(decoder, *value, at, element->second);
    }
  }
};

std::string sameKey(std::string_view key);
std::string lowerCaseKey(std::string_view key);  ///< ASCII

template <typename T>
struct Codec<std::map<std::string, T>> : MapCodec<T, sameKey> {};

/// For maps by header name (RFC 9110 §5.1: names have no letter case).
template <typename T>
using HeaderMap = MapCodec<T, lowerCaseKey>;

}  // namespace sluice::source
