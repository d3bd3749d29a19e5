// SPDX-License-Identifier: Apache-2.0
// Values of header operations, "a %REQ(x-b)% 100%%", taken apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::routing {

/// What a piece of a header's value stands for.
enum class HeaderVariable : uint8_t {
  kText,     ///< itself
  kUnknown,  ///< nothing that is known here
  kRequest,
  kResponse,
  kStartTime,
  kProtocol,
  kStatus,
  kFlags,
  kRouteName,
  kHostname,
  kServerName,
  kCluster,
  kEndpoint,
  kCalled,
  kCalledAddress,
  kCalledPort,
  kClient,
  kClientAddress,
  kClientPort,
};

struct HeaderPiece {
  HeaderVariable kind = HeaderVariable::kText;
  /// The text itself; the name of a field; the format of a time, or empty; of what is unknown the
  /// variable as it is written, with its percent signs.
  std::string text = {};
  std::string other = {};  ///< the field to take when the first is absent
  size_t longest = std::string::npos;
};

/// Envoy: `%NAME%`, `%NAME(arguments)%` and `%NAME(arguments):LENGTH%` stand for a value, `%%` for
/// a percent sign. A percent sign that nothing closes, which validation refuses, is text.
std::vector<HeaderPiece> headerPieces(std::string_view value);

}  // namespace sluice::routing
