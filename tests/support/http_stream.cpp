// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http_stream.h"

#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>

namespace sluice::test {
namespace {

constexpr size_t kBlock = 65536;

Error broken(const std::string& what) { return Error(Error::Code::kInvalid, "HTTP: " + what); }

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool sameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

Result<size_t> parseNumber(std::string_view text, int base) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    return broken("not a number: " + std::string(text));
  return number;
}

/// Three parts; the last one may hold blanks.
std::array<std::string, 3> splitStart(const std::string& line) {
  const size_t first = line.find(' ');
  if (first == std::string::npos) return {line, "", ""};
  const size_t second = line.find(' ', first + 1);
  if (second == std::string::npos) return {line.substr(0, first), line.substr(first + 1), ""};
  return {line.substr(0, first), line.substr(first + 1, second - first - 1),
          line.substr(second + 1)};
}

}  // namespace

std::string_view HttpHead::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (sameName(key, name)) return value;
  return {};
}

Result<bool> HttpStream::fill() {
  const size_t old_size = unread_.size();
  unread_.resize(old_size + kBlock);
  const ssize_t count = recv(socket_.get(), unread_.data() + old_size, kBlock, 0);
  unread_.resize(old_size + static_cast<size_t>(std::max<ssize_t>(count, 0)));
  if (count < 0) return Error::system("receive");
  return count > 0;
}

Result<std::string> HttpStream::readLine() {
  size_t end = 0;
  while ((end = unread_.find("\r\n")) == std::string::npos) {
    auto more = fill();
    if (!more) return std::move(more).error();
    if (!*more) return broken("closed inside a line");
  }
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 2);
  return line;
}

Result<std::string> HttpStream::readExactly(size_t count) {
  while (unread_.size() < count) {
    auto more = fill();
    if (!more) return std::move(more).error();
    if (!*more) return broken("closed inside a body");
  }
  std::string bytes = unread_.substr(0, count);
  unread_.erase(0, count);
  return bytes;
}

Result<std::optional<HttpHead>> HttpStream::readHead() {
  if (unread_.empty()) {
    auto more = fill();
    if (!more) return std::move(more).error();
    if (!*more) return std::optional<HttpHead>();
  }
  auto line = readLine();
  if (!line) return std::move(line).error();
  HttpHead head;
  head.start = splitStart(*line);
  while (true) {
    auto field = readLine();
    if (!field) return std::move(field).error();
    if (field->empty()) return std::optional<HttpHead>(std::move(head));
    const size_t colon = field->find(':');
    if (colon == std::string::npos) return broken("no colon in: " + *field);
    head.headers.emplace_back(field->substr(0, colon),
                              trimmed(std::string_view(*field).substr(colon + 1)));
  }
}

Result<std::string> HttpStream::readChunks() {
  std::string body;
  while (true) {
    auto line = readLine();
    if (!line) return std::move(line).error();
    auto size = parseNumber(std::string_view(*line).substr(0, line->find(';')), 16);
    if (!size) return std::move(size).error();
    if (*size == 0) break;
    auto chunk = readExactly(*size + 2);
    if (!chunk) return std::move(chunk).error();
    if (!chunk->ends_with("\r\n")) return broken("a chunk does not end where it says");
    body.append(*chunk, 0, *size);
  }
  while (true) {
    auto trailer = readLine();
    if (!trailer) return std::move(trailer).error();
    if (trailer->empty()) return body;
  }
}

Result<std::string> HttpStream::readBody(const HttpHead& head) {
  if (sameName(head.header("transfer-encoding"), "chunked")) return readChunks();
  const auto length = head.header("content-length");
  if (length.empty()) return std::string();
  auto count = parseNumber(length, 10);
  if (!count) return std::move(count).error();
  return readExactly(*count);
}

Result<std::string> HttpStream::readToEnd() {
  while (true) {
    auto more = fill();
    if (!more) return std::move(more).error();
    if (!*more) return std::exchange(unread_, {});
  }
}

Result<std::string> HttpStream::readSome() {
  if (unread_.empty())
    if (auto more = fill(); !more) return std::move(more).error();
  return std::exchange(unread_, {});
}

Result<void> HttpStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::system("send");
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

std::string chunked(std::string_view body, size_t chunk) {
  std::string text;
  while (!body.empty()) {
    const size_t size = std::min(chunk, body.size());
    std::array<char, 20> line{};
    const int length = std::snprintf(line.data(), line.size(), "%zx\r\n", size);
    text.append(line.data(), static_cast<size_t>(length)).append(body.substr(0, size));
    text.append("\r\n");
    body.remove_prefix(size);
  }
  return text + "0\r\n\r\n";
}

}  // namespace sluice::test
