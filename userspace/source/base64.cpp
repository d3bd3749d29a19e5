// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/base64.h"

#include <cstdint>

namespace sluice::source {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kGroup = 4;  ///< characters for three bytes

/// The bytes of one group; its first `padding` characters from the end are "=".
std::optional<std::string> decodeGroup(std::string_view group, size_t padding) {
  uint32_t bits = 0;
  for (size_t i = 0; i < kGroup; ++i) {
    const size_t value = i < kGroup - padding ? kAlphabet.find(group[i]) : 0;
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6U | static_cast<uint32_t>(value);
  }
  std::string bytes;
  for (unsigned shift = 16; bytes.size() < 3 - padding; shift -= 8) {
    bytes += static_cast<char>(bits >> shift & 0xFFU);
  }
  return bytes;
}

}  // namespace

std::optional<std::string> decodeBase64(std::string_view text) {
  if (text.size() % kGroup != 0) return std::nullopt;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::string bytes;
  bytes.reserve(text.size() / kGroup * 3);
  for (size_t at = 0; at < text.size(); at += kGroup) {
    const bool is_last = at + kGroup == text.size();
    const auto group = decodeGroup(text.substr(at, kGroup), is_last ? padding : 0);
    if (!group) return std::nullopt;
    bytes += *group;
  }
  return bytes;
}

std::string encodeBase64(std::string_view bytes) {
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view part = bytes.substr(at, 3);
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i) {
      bits = bits << 8U | (i < part.size() ? static_cast<uint8_t>(part[i]) : 0U);
    }
    for (size_t i = 0; i < kGroup; ++i) {
      text += i <= part.size() ? kAlphabet[bits >> (18 - 6 * i) & 0x3FU] : '=';
    }
  }
  return text;
}

}  // namespace sluice::source
