// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/time_format.h"

#include <fmt/format.h>

#include <ctime>

namespace sluice::proxy {

namespace {

constexpr std::string_view kUsual = "%Y-%m-%dT%H:%M:%S.%3fZ";

/// Bytes that one specifier of strftime becomes at most; what needs more is left out.
constexpr size_t kLongestPart = 64;

struct Moment {
  std::tm parts{};
  std::time_t seconds = 0;  ///< since 1970
  std::string fraction;     ///< nine digits
};

Moment momentOf(std::chrono::system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(time - whole).count();
  Moment moment{.parts = {}, .seconds = whole.time_since_epoch().count(), .fraction = {}};
  ::gmtime_r(&moment.seconds, &moment.parts);
  moment.fraction = fmt::format("{:09}", rest);
  return moment;
}

/// The process never sets a locale, so names are English.
void appendPart(char specifier, const Moment& moment, std::string& out) {
  const char format[] = {'%', specifier, '\0'};
  char text[kLongestPart];
  out.append(text, std::strftime(text, sizeof(text), format, &moment.parts));
}

bool isWidth(char c) { return c >= '1' && c <= '9'; }

}  // namespace

void appendTime(std::chrono::system_clock::time_point time, std::string_view format,
                std::string& out) {
  if (format.empty()) format = kUsual;
  const Moment moment = momentOf(time);
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    const char specifier = format[++i];
    if (isWidth(specifier) && format.substr(i + 1).starts_with('f')) {
      out.append(moment.fraction, 0, static_cast<size_t>(specifier - '0'));
      ++i;
    } else if (specifier == 'f') {
      out.append(moment.fraction);
    } else if (specifier == 's') {
      out.append(std::to_string(moment.seconds));
    } else {
      appendPart(specifier, moment, out);
    }
  }
}

}  // namespace sluice::proxy
