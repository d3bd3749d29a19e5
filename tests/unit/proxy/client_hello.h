// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice::proxy::test {

/// A ClientHello for `name`, of at most 255 bytes.
inline std::string helloFor(const std::string& name) {
  using namespace std::string_literals;
  const auto u16 = [](size_t value) { return "\0"s + static_cast<char>(value); };
  const auto with16 = [&](const std::string& bytes) { return u16(bytes.size()) + bytes; };
  const std::string extension = u16(0) + with16(with16("\0"s + with16(name)));
  const std::string hello = "\x03\x03"s + std::string(32, 'r') + "\0"s + with16("\x13\x01") +
                            "\x01\0"s + with16(extension);
  return "\x16\x03\x01"s + with16("\x01\0"s + with16(hello));
}

}  // namespace sluice::proxy::test
