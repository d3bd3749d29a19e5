// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

namespace sluice::source {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// Longer spellings first: "ms" starts with "m".
constexpr std::array<std::pair<std::string_view, int64_t>, 8> kUnits = {{
    {"ns", 1},
    {"us", 1'000},
    {"\xC2\xB5s", 1'000},
    {"\xCE\xBCs", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
}};

std::string_view takeDigits(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, isDigit);
  const auto digits = text.substr(0, static_cast<size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

/// Nanoseconds of one unit; 0 when `text` starts with none.
int64_t takeUnit(std::string_view& text) {
  for (const auto& [name, nanoseconds] : kUnits) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return nanoseconds;
  }
  return 0;
}

/// A decimal number; nothing when it overflows.
std::optional<int64_t> number(std::string_view digits) {
  int64_t value = 0;
  for (const char c : digits) {
    if (__builtin_mul_overflow(value, int64_t{10}, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, int64_t{c - '0'}, &value)) return std::nullopt;
  }
  return value;
}

/// 0.digits units in nanoseconds.
int64_t fractionOf(std::string_view digits, int64_t unit) {
  double scale = 1;
  double value = 0;
  // Further digits of an hour are below a nanosecond.
  for (const char c : digits.substr(0, 15)) {
    value = value * 10 + (c - '0');
    scale *= 10;
  }
  return static_cast<int64_t>(value * (static_cast<double>(unit) / scale));
}

/// One "3.5s" from the front of `text`.
std::optional<int64_t> takePart(std::string_view& text) {
  const auto whole = takeDigits(text);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = takeDigits(text);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  const int64_t unit = takeUnit(text);
  auto total = number(whole);
  if (unit == 0 || !total) return std::nullopt;
  if (__builtin_mul_overflow(*total, unit, &*total)) return std::nullopt;
  if (__builtin_add_overflow(*total, fractionOf(fraction, unit), &*total)) return std::nullopt;
  return total;
}

/// Digits of a fixed number of places; -1 when they are not there.
int takeNumber(std::string_view& text, size_t places) {
  if (text.size() < places || !std::ranges::all_of(text.substr(0, places), isDigit)) return -1;
  int value = 0;
  for (const char c : text.substr(0, places)) value = value * 10 + (c - '0');
  text.remove_prefix(places);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// "Z", "+01:00", "-01:00"; nothing when `text` is none of them.
std::optional<std::chrono::minutes> parseOffset(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  const bool west = text.starts_with('-');
  if (!take(text, "+-")) return std::nullopt;
  const int hours = takeNumber(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int minutes = takeNumber(text, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || !text.empty()) return std::nullopt;
  const std::chrono::minutes offset(hours * 60 + minutes);
  return west ? -offset : offset;
}

/// "2026-01-01" from the front of `text`.
std::optional<std::chrono::sys_days> takeDate(std::string_view& text) {
  const int year = takeNumber(text, 4);
  if (!take(text, "-")) return std::nullopt;
  const int month = takeNumber(text, 2);
  if (!take(text, "-")) return std::nullopt;
  const int day = takeNumber(text, 2);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

/// "15:04:05.123" from the front of `text`, without the fraction.
std::optional<std::chrono::seconds> takeTimeOfDay(std::string_view& text) {
  const int hours = takeNumber(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int minutes = takeNumber(text, 2);
  if (!take(text, ":")) return std::nullopt;
  const int seconds = takeNumber(text, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  if (seconds < 0 || seconds > 60) return std::nullopt;  // 60: a leap second
  if (take(text, ".") && takeDigits(text).empty()) return std::nullopt;
  return std::chrono::seconds(hours * 3600 + minutes * 60 + seconds);
}

}  // namespace

std::optional<std::chrono::nanoseconds> parseDuration(std::string_view text) {
  const bool negative = text.starts_with('-');
  take(text, "+-");
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  int64_t total = 0;
  while (!text.empty()) {
    const auto part = takePart(text);
    if (!part || __builtin_add_overflow(total, *part, &total)) return std::nullopt;
  }
  return std::chrono::nanoseconds(negative ? -total : total);
}

std::string durationText(std::chrono::nanoseconds duration) {
  constexpr std::array<std::pair<const char*, int64_t>, 6> kWritten = {{
      {"h", 3'600'000'000'000},
      {"m", 60'000'000'000},
      {"s", 1'000'000'000},
      {"ms", 1'000'000},
      {"us", 1'000},
      {"ns", 1},
  }};
  int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text = rest < 0 ? "-" : "";
  for (const auto& [name, nanoseconds] : kWritten) {
    const int64_t count = rest / nanoseconds;
    rest %= nanoseconds;
    if (count != 0) text += std::to_string(count < 0 ? -count : count) + name;
  }
  return text;
}

std::optional<std::chrono::sys_seconds> parseTime(std::string_view text) {
  const auto date = takeDate(text);
  if (!date || !take(text, "Tt")) return std::nullopt;
  const auto time = takeTimeOfDay(text);
  if (!time) return std::nullopt;
  const auto offset = parseOffset(text);
  if (!offset) return std::nullopt;
  return std::chrono::sys_seconds(*date) + *time - *offset;
}

std::string timeText(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss of_day(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", int{date.year()},
                     unsigned{date.month()}, unsigned{date.day()}, of_day.hours().count(),
                     of_day.minutes().count(), of_day.seconds().count());
}

}  // namespace sluice::source
