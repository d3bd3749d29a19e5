// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/runner/client_hello.h"

#include <array>
#include <cstdint>

namespace sluice::test {
namespace {

constexpr uint16_t kTls12 = 0x0303;
constexpr uint16_t kTls13 = 0x0304;

std::string u8(size_t value) { return {static_cast<char>(value)}; }
std::string u16(size_t value) { return u8(value >> 8) + u8(value & 0xff); }
std::string u24(size_t value) { return u8(value >> 16) + u16(value & 0xffff); }

std::string with8(const std::string& bytes) { return u8(bytes.size()) + bytes; }
std::string with16(const std::string& bytes) { return u16(bytes.size()) + bytes; }

std::string extension(uint16_t type, const std::string& data) { return u16(type) + with16(data); }

std::string serverName(std::string_view name) {
  constexpr uint8_t kHostName = 0;
  return extension(0, with16(u8(kHostName) + with16(std::string(name))));
}

std::string extensions(std::string_view name) {
  constexpr uint16_t kSupportedGroups = 10;
  constexpr uint16_t kSignatureAlgorithms = 13;
  constexpr uint16_t kSupportedVersions = 43;
  constexpr uint16_t kX25519 = 0x001d;
  constexpr uint16_t kRsaPssSha256 = 0x0804;
  return serverName(name) + extension(kSupportedGroups, with16(u16(kX25519))) +
         extension(kSignatureAlgorithms, with16(u16(kRsaPssSha256))) +
         extension(kSupportedVersions, with8(u16(kTls13) + u16(kTls12)));
}

}  // namespace

std::string clientHello(std::string_view name) {
  constexpr uint8_t kHandshake = 22;
  constexpr uint8_t kClientHello = 1;
  constexpr uint16_t kAes128GcmSha256 = 0x1301;
  constexpr uint16_t kEcdheRsaAes128GcmSha256 = 0xc02f;
  const std::string random(32, '\x5a');
  const std::string no_session = with8("");
  const std::string no_compression = with8(u8(0));
  const std::string hello = u16(kTls12) + random + no_session +
                            with16(u16(kAes128GcmSha256) + u16(kEcdheRsaAes128GcmSha256)) +
                            no_compression + with16(extensions(name));
  const std::string message = u8(kClientHello) + u24(hello.size()) + hello;
  return u8(kHandshake) + u16(0x0301) + with16(message);
}

}  // namespace sluice::test
