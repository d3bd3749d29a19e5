// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice::test {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// The first line and the header fields of a message, as they were sent.
struct HttpHead {
  std::array<std::string, 3> start;  ///< method, target, version; or version, status, reason
  HttpHeaders headers;

  /// The first field of that name in any case; empty when there is none.
  std::string_view header(std::string_view name) const;
};

/// HTTP/1.1 messages over a blocking socket, for tests: whole bodies in memory, both ends.
/// Deliberately not the code that it tests.
class HttpStream {
 public:
  explicit HttpStream(Fd socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.get(); }

  /// Empty: the other side closed instead of beginning a message.
  Result<std::optional<HttpHead>> readHead();

  /// Content-Length or chunked (RFC 9112 §6.3); empty when the head announces neither.
  Result<std::string> readBody(const HttpHead& head);

  /// Everything until the other side closes.
  Result<std::string> readToEnd();

  /// What comes next, of any protocol; empty when the other side has closed.
  Result<std::string> readSome();

  Result<void> write(std::string_view bytes);

 private:
  Result<bool> fill();
  Result<std::string> readLine();
  Result<std::string> readExactly(size_t count);
  Result<std::string> readChunks();

  Fd socket_;
  std::string unread_;
};

/// `body` in chunks of at most `chunk` bytes, the last chunk and no trailers included.
std::string chunked(std::string_view body, size_t chunk);

}  // namespace sluice::test
