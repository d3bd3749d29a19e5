// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/grpc_timeout.h"

#include <algorithm>
#include <charconv>

namespace sluice::proxy {

namespace {

constexpr size_t kMaxDigits = 8;
constexpr int64_t kMaxNumber = 99'999'999;

/// 0: there is no such unit.
Duration unitOf(char letter) {
  using namespace std::chrono_literals;
  switch (letter) {
    case 'H':
      return 1h;
    case 'M':
      return 1min;
    case 'S':
      return 1s;
    case 'm':
      return 1ms;
    case 'u':
      return 1us;
    case 'n':
      return 1ns;
    default:
      return 0s;
  }
}

/// 99,999,999 hours are more than a Duration holds; nobody waits that long.
constexpr Duration kLongest = std::chrono::hours(24 * 365);

}  // namespace

Duration grpcTimeout(std::string_view value) {
  if (value.size() < 2 || value.size() > kMaxDigits + 1) return Duration::zero();
  uint32_t number = 0;
  const char* last = value.data() + value.size() - 1;
  const auto [end, error] = std::from_chars(value.data(), last, number);
  if (error != std::errc() || end != last) return Duration::zero();
  const Duration unit = unitOf(value.back());
  if (unit == Duration::zero() || number <= kLongest / unit) return number * unit;
  return kLongest;
}

std::string grpcTimeoutText(Duration timeout) {
  for (const char letter : {'m', 'S', 'M'}) {
    const auto number = timeout / unitOf(letter);
    if (number <= kMaxNumber) return std::to_string(std::max<int64_t>(number, 1)) + letter;
  }
  return std::to_string(timeout / unitOf('H')) + 'H';
}

Duration cappedTimeout(Duration own, Duration of_rule) {
  if (own == Duration::zero()) return of_rule;
  return of_rule == Duration::zero() ? own : std::min(own, of_rule);
}

}  // namespace sluice::proxy
