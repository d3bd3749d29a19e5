// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::source {

/// Go's time.ParseDuration: "1h2m3.5s", "-1.5h", "100ms", "0"; units ns us µs ms s m h.
/// Nothing for anything else, and for what does not fit 64 bits of nanoseconds.
std::optional<std::chrono::nanoseconds> parseDuration(std::string_view text);

/// What parseDuration() reads, in whole units: "0s", "100ms", "1s500ms", "1h30m".
std::string durationText(std::chrono::nanoseconds duration);

/// RFC 3339, "2026-01-01T00:00:00Z", "2026-01-01T01:00:00.5+01:00"; fractions are dropped.
std::optional<std::chrono::sys_seconds> parseTime(std::string_view text);

/// RFC 3339 in UTC, "2026-01-01T00:00:00Z".
std::string timeText(std::chrono::sys_seconds time);

}  // namespace sluice::source
