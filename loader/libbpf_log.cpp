// SPDX-License-Identifier: Apache-2.0
#include "loader/libbpf_log.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <deque>
#include <sstream>
#include <string_view>

#include "userspace/base/log.h"

namespace sluice::loader {

namespace {

/// libbpf's callback has no argument of ours.
thread_local std::string* kept = nullptr;

std::string format(const char* pattern, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, pattern, again);
  va_end(again);
  if (size <= 0) return {};
  std::string text(static_cast<size_t>(size) + 1, '\0');
  std::vsnprintf(text.data(), text.size(), pattern, arguments);
  text.pop_back();
  return text;
}

int onMessage(libbpf_print_level level, const char* pattern, va_list arguments) {
  const auto text = format(pattern, arguments);
  const auto line = text.substr(0, text.find_last_not_of('\n') + 1);
  log::debug("libbpf: {}", lastLines(line, 20));
  if (kept != nullptr && level != LIBBPF_DEBUG) *kept += text;
  return 0;
}

}  // namespace

LibbpfLog::LibbpfLog() {
  kept = &text_;
  libbpf_set_print(onMessage);
}

LibbpfLog::~LibbpfLog() { kept = nullptr; }

std::string LibbpfLog::tail(size_t lines) const { return lastLines(text_, lines); }

std::string lastLines(const std::string& text, size_t lines) {
  std::deque<std::string> kept_lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.empty()) continue;
    kept_lines.push_back(line);
    if (kept_lines.size() > lines) kept_lines.pop_front();
  }
  std::string joined;
  for (const auto& line : kept_lines) joined += (joined.empty() ? "" : "\n") + line;
  return joined;
}

}  // namespace sluice::loader
