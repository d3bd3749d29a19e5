// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice {

/// The number of a gRPC status by its name, "UNAVAILABLE" -> 14 (gRPC: doc/statuscodes.md);
/// nothing for a name that is none.
constexpr std::optional<int> grpcStatusNumber(std::string_view name) {
  constexpr std::array<std::string_view, 17> kNames{"OK",
                                                    "CANCELLED",
                                                    "UNKNOWN",
                                                    "INVALID_ARGUMENT",
                                                    "DEADLINE_EXCEEDED",
                                                    "NOT_FOUND",
                                                    "ALREADY_EXISTS",
                                                    "PERMISSION_DENIED",
                                                    "RESOURCE_EXHAUSTED",
                                                    "FAILED_PRECONDITION",
                                                    "ABORTED",
                                                    "OUT_OF_RANGE",
                                                    "UNIMPLEMENTED",
                                                    "INTERNAL",
                                                    "UNAVAILABLE",
                                                    "DATA_LOSS",
                                                    "UNAUTHENTICATED"};
  for (size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return static_cast<int>(i);
  return std::nullopt;
}

/// The status of HTTP that a status of gRPC stands for (Envoy: Grpc::Utility::grpcToHttpStatus).
constexpr int httpStatusOfGrpc(int status) {
  constexpr std::array<int, 17> kStatuses{200, 499, 500, 400, 504, 404, 409, 403, 429,
                                          400, 409, 400, 501, 500, 503, 500, 401};
  const auto index = static_cast<size_t>(status);
  return status < 0 || index >= kStatuses.size() ? 500 : kStatuses[index];
}

inline constexpr int kGrpcUnknown = 2;
inline constexpr int kMaxGrpcStatus = 16;  ///< UNAUTHENTICATED, the last that has a name

/// What a `grpc-status` says. gRPC: what is no number of a status is UNKNOWN.
inline int readGrpcStatus(std::string_view value) {
  int number = -1;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole =
      value.size() <= 2 && error == std::errc() && end == value.data() + value.size();
  return whole && number >= 0 && number <= kMaxGrpcStatus ? number : kGrpcUnknown;
}

}  // namespace sluice
