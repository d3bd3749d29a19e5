// SPDX-License-Identifier: Apache-2.0
// Shorthand for long texts.
#pragma once

#include <cstddef>
#include <string>

namespace sluice::test {

/// `item` with the number for each "#" in it.
inline std::string numbered(const std::string& item, size_t number) {
  std::string text;
  for (const char c : item) text += c == '#' ? std::to_string(number) : std::string(1, c);
  return text;
}

/// `count` times `item`, numbered from 1, with `separator` between them.
inline std::string times(size_t count, const std::string& item, const std::string& separator = "") {
  std::string text;
  for (size_t i = 1; i <= count; ++i) text += (i > 1 ? separator : "") + numbered(item, i);
  return text;
}

inline std::string list(size_t count, const std::string& item) {
  return "[" + times(count, item, ", ") + "]";
}

/// "{a1: 1, a2: 1}" of the entry "a#: 1".
inline std::string map(size_t count, const std::string& entry) {
  return "{" + times(count, entry, ", ") + "}";
}

/// A document; `name` and `spec` may say "#".
inline std::string document(const std::string& version, const std::string& kind,
                            const std::string& name, const std::string& rest) {
  return "---\n{apiVersion: " + version + ", kind: " + kind +
         ", metadata: {namespace: shop, name: " + name + "}, " + rest + "}\n";
}

inline std::string istio(const std::string& kind, const std::string& name,
                         const std::string& spec) {
  return document("networking.istio.io/v1", kind, name, "spec: " + spec);
}

inline std::string service(const std::string& name, const std::string& spec) {
  return document("v1", "Service", name, "spec: " + spec);
}

}  // namespace sluice::test
