// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace sluice::proxy {

/// One bit each; the list is response_flags.def.
class ResponseFlags {
 private:
  enum class Bit : uint8_t {
#define FLAG(name, code, text) k##name,
#include "userspace/proxy/response_flags.def"
#undef FLAG
  };

 public:
#define FLAG(name, code, text) \
  static constexpr uint32_t k##name = 1u << static_cast<uint32_t>(Bit::k##name);
#include "userspace/proxy/response_flags.def"
#undef FLAG

  constexpr ResponseFlags() = default;

  void add(uint32_t flag) { bits_ |= flag; }
  bool has(uint32_t flag) const { return (bits_ & flag) != 0; }
  uint32_t bits() const { return bits_; }
  /// "DI,FI"; "-" without any.
  std::string text() const;
  friend bool operator==(const ResponseFlags&, const ResponseFlags&) = default;

 private:
  uint32_t bits_ = 0;
};

}  // namespace sluice::proxy
