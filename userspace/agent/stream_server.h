// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "userspace/base/fd.h"
#include "userspace/base/reactor.h"

namespace sluice::agent {

struct StreamLimits {
  size_t clients = 64;     ///< more are closed at once
  size_t input_bytes = 0;  ///< of a request that is not complete
  Duration idle{};         ///< a client that makes no progress for so long is closed
};

/// Clients of one listening socket, each with one request in flight at most: what came in is
/// given to the handler, who answers when it likes. A client that stalls holds its own buffers
/// and nothing else. Belongs to the reactor's thread.
class StreamServer {
 public:
  using ClientId = uint64_t;
  enum class Input {
    kIncomplete,  ///< more bytes are needed
    kTaken,       ///< a request was cut off the front of `bytes`; answer() follows, now or later
    kRefused,     ///< close the client
  };
  using Handler = std::function<Input(ClientId client, std::string& bytes)>;

  /// `listener`: listening and non-blocking.
  static Result<std::unique_ptr<StreamServer>> create(Reactor& reactor, Fd listener,
                                                      StreamLimits limits, Handler handler);
  ~StreamServer();
  StreamServer(const StreamServer&) = delete;
  StreamServer& operator=(const StreamServer&) = delete;

  /// Does nothing for a client that has gone. `last`: close once everything is sent.
  void answer(ClientId client, std::string bytes, bool last);

  /// What becomes of a part of an answer.
  enum class Part {
    kTaken,
    kFull,  ///< not taken: the client has not read what it was sent before
    kGone,
  };
  static constexpr size_t kMostUnread = size_t{1} << 20;

  /// Some bytes of an answer that has no end of its own: the request stays in flight for as long
  /// as the client does.
  Part part(ClientId client, std::string_view bytes);
  /// How long the client has not taken anything of what waits for it; zero where nothing does.
  Duration stalledFor(ClientId client) const;
  /// The last part: close once everything is sent, or when the client is idle.
  void end(ClientId client, std::string_view bytes);
  bool isThere(ClientId client) const { return clients_.contains(client); }

 private:
  struct Client;

  StreamServer(Reactor& reactor, Fd listener, StreamLimits limits, Handler handler);
  void acceptAll();
  void restLater();
  void admit(Fd socket);
  void onEvents(ClientId id, uint32_t events);
  bool receive(Client& client);
  bool serve(ClientId id, Client& client);
  bool flush(Client& client);
  static void release(Client& client);
  void proceed(ClientId id);
  void watch(ClientId id, Client& client);
  void proceedLater(ClientId id);
  void close(ClientId id);

  Reactor& reactor_;
  Fd listener_;
  StreamLimits limits_;
  Handler handler_;
  std::unordered_map<ClientId, std::unique_ptr<Client>> clients_;
  ClientId next_ = 1;
  Reactor::TimerId rest_ = 0;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);  ///< for posted tasks
};

}  // namespace sluice::agent
