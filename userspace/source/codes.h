// SPDX-License-Identifier: Apache-2.0
// Codes of the diagnostics that this room makes. A code is never used again for another thing.
#pragma once

namespace sluice::source::code {

inline constexpr const char* kYaml = "SLU1001";          ///< the file is no YAML
inline constexpr const char* kDuplicateKey = "SLU1002";  ///< a key twice in one mapping
inline constexpr const char* kUnknownField = "SLU1003";
inline constexpr const char* kWrongType = "SLU1004";
inline constexpr const char* kNotSupported = "SLU1005";  ///< Istio's, but not in this version
inline constexpr const char* kLimit = "SLU1006";         ///< a limit of limits.h
inline constexpr const char* kInvalidValue = "SLU1007";  ///< right type, impossible value
inline constexpr const char* kUnknownKind = "SLU1008";   ///< skipped
inline constexpr const char* kUnreadable = "SLU1009";    ///< the file cannot be read
inline constexpr const char* kDefinedTwice = "SLU1010";  ///< one resource in two places

inline constexpr const char* kIstioDeprecated = "IST0002";
inline constexpr const char* kIstioInvalid = "IST0106";
inline constexpr const char* kIstioWarning = "IST0133";

}  // namespace sluice::source::code
