// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "userspace/agent/stream_server.h"
#include "userspace/observe/json.h"

namespace sluice::agent {

/// A listening Unix socket at `path` that only its owner may use (0600). A socket file that
/// nobody listens on any more is replaced; kUnavailable when somebody does.
Result<Fd> listenAdmin(const std::string& path);

/// Requests of userspace/observe/admin_protocol.h.
class AdminServer {
 public:
  /// Where the answer to one request goes; on the reactor's thread, now or later. Does nothing when
  /// the client or the server has gone.
  class Reply {
   public:
    /// The answer. Once.
    void operator()(const observe::Json& answer) const;
    /// One of the answers to a request that is answered for as long as the client listens.
    StreamServer::Part part(const observe::Json& answer) const;
    /// The last of them.
    void end(const observe::Json& answer) const;
    bool isHeard() const;
    /// StreamServer::stalledFor().
    Duration stalledFor() const;

   private:
    friend AdminServer;
    Reply(AdminServer& server, StreamServer::ClientId client);

    std::weak_ptr<const bool> alive_;  ///< as long as `server_` is
    StreamServer* server_;
    StreamServer::ClientId client_;
  };
  using Handler = std::function<void(const observe::Json& request, Reply reply)>;

  /// The socket file of `listener` is the caller's to remove.
  static Result<std::unique_ptr<AdminServer>> create(Reactor& reactor, Fd listener,
                                                     Handler handler);

 private:
  explicit AdminServer(Handler handler) : handler_(std::move(handler)) {}
  StreamServer::Input onInput(StreamServer::ClientId client, std::string& bytes);
  void onLine(StreamServer::ClientId client, std::string_view line);

  Handler handler_;
  std::unique_ptr<StreamServer> server_;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);  ///< for late replies
};

}  // namespace sluice::agent
