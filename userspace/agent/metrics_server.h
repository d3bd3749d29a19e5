// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "userspace/agent/stream_server.h"
#include "userspace/model/address.h"

namespace sluice::agent {

/// A listening, non-blocking TCP socket; port 0 lets the kernel choose.
Result<Fd> listenTcp(const SocketAddress& address);

struct Page {
  int status = 200;
  std::string body;
};

/// Answers GET and HEAD of a few pages over HTTP/1.1, one request per connection.
class MetricsServer {
 public:
  /// The page at `path`; nothing for a path that does not exist. Called on the reactor's thread.
  using Pages = std::function<std::optional<Page>(std::string_view path)>;

  static Result<std::unique_ptr<MetricsServer>> create(Reactor& reactor, Fd listener, Pages pages);

 private:
  explicit MetricsServer(Pages pages) : pages_(std::move(pages)) {}
  StreamServer::Input onInput(StreamServer::ClientId client, std::string& bytes);
  std::string respond(std::string_view request_line) const;

  Pages pages_;
  std::unique_ptr<StreamServer> server_;
};

}  // namespace sluice::agent
