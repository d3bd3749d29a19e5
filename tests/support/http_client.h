// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tests/support/http_stream.h"
#include "userspace/base/clock.h"
#include "userspace/model/address.h"

namespace sluice::test {

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";
  std::string host = "product-api";
  HttpHeaders headers;
  std::string body;
  bool chunked = false;  ///< send the body in chunks instead of with its length
};

struct HttpResponse {
  int status = 0;
  HttpHead head;
  std::string body;
  Duration took{};  ///< from the first byte sent to the last byte received

  /// Who answered, from the who-server's `x-served-by`; empty when it was not a who-server.
  std::string servedBy() const { return std::string(head.header("x-served-by")); }
};

/// One keep-alive connection, blocking. Belongs to the namespace and cgroup of the process that
/// connects: use it within Lab::inside().
class HttpConnection {
 public:
  /// Each operation fails after `patience` without progress.
  static Result<HttpConnection> connect(const SocketAddress& to,
                                        Duration patience = std::chrono::seconds(30));

  /// Interim responses (1xx) are read over.
  Result<HttpResponse> exchange(const HttpRequest& request);

  int fd() const { return stream_.fd(); }

 private:
  explicit HttpConnection(Fd socket) : stream_(std::move(socket)) {}
  Result<HttpHead> readFinalHead();
  Result<std::string> readResponseBody(const HttpRequest& request, const HttpHead& head);

  HttpStream stream_;
};

/// A connected TCP socket, blocking, with `patience` as its receive and send timeout.
Result<Fd> connectTcp(const SocketAddress& to, Duration patience = std::chrono::seconds(30));

/// The bytes that who-server's /bytes sends, from `offset` on: no two aligned blocks are alike, so
/// that lost, doubled and swapped parts show.
std::string patternBytes(size_t offset, size_t count);

}  // namespace sluice::test
