// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sluice::source {
namespace {

/// Bytes of the character that starts with `lead`; 0 when none does.
size_t lengthFrom(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

/// 0 when `text` does not start with a whole character in its shortest form.
size_t characterLength(std::string_view text, uint32_t& character) {
  static constexpr std::array<uint8_t, 5> kLeadBits = {0, 0x7F, 0x1F, 0x0F, 0x07};
  static constexpr std::array<uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t length = lengthFrom(lead);
  if (length == 0 || length > text.size()) return 0;
  character = lead & kLeadBits[length];
  for (const char c : text.substr(1, length - 1)) {
    const auto byte = static_cast<uint8_t>(c);
    if ((byte & 0xC0) != 0x80) return 0;
    character = character << 6 | (byte & 0x3F);
  }
  return character < kSmallest[length] ? 0 : length;
}

bool mayStand(uint32_t character) {
  if (character < 0x20) return character == '\t' || character == '\n' || character == '\r';
  if (character >= 0x7F && character < 0xA0) return character == 0x85;
  if (character >= 0xD800 && character < 0xE000) return false;
  return character <= 0x10FFFF && character != 0xFFFE && character != 0xFFFF;
}

}  // namespace

std::optional<Place> findIllegalUtf8(std::string_view text) {
  Place place{1, 1};
  while (!text.empty()) {
    uint32_t character = 0;
    const size_t length = characterLength(text, character);
    if (length == 0 || !mayStand(character)) return place;
    text.remove_prefix(length);
    place = character == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
  }
  return std::nullopt;
}

std::string withBytesAsCharacters(std::string_view text) {
  const auto is_ascii = [](char c) { return (c & 0x80) == 0; };
  if (std::ranges::all_of(text, is_ascii)) return std::string(text);
  std::string result;
  while (!text.empty()) {
    uint32_t character = 0;
    const size_t length = characterLength(text, character);
    if (length == 0) {
      const auto byte = static_cast<uint8_t>(text[0]);
      result += static_cast<char>(0xC0 | byte >> 6);
      result += static_cast<char>(0x80 | (byte & 0x3F));
    }
    result += text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return result;
}

}  // namespace sluice::source
