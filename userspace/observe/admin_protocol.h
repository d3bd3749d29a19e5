// SPDX-License-Identifier: Apache-2.0
// How sluicectl and the agent talk: one JSON object per line over a Unix socket, one answer for
// each request, in order.
#pragma once

#include <cstddef>
#include <string_view>

#include "userspace/observe/json.h"

namespace sluice::observe {

inline constexpr std::string_view kDefaultAdminSocket = "/run/sluice/admin.sock";

/// Longest line of either side, its newline included.
inline constexpr size_t kMaxRequestBytes = size_t{64} << 10;
inline constexpr size_t kMaxAnswerBytes = size_t{64} << 20;

/// {apiVersion, kind: "Error", error: {code, message, hint}}
Json errorAnswer(const Error& error);

/// The answer itself, or the Error that it carries; kInvalid when it is no answer.
Result<Json> readAnswer(std::string_view line);

}  // namespace sluice::observe
