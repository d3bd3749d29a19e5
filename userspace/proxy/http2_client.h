// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "userspace/proxy/connection_terms.h"
#include "userspace/proxy/http2_connection.h"

namespace sluice::proxy {

/// A connection of HTTP/2 to a server (prior knowledge), for many requests at once.
class Http2Client final : public Http2Connection {
 public:
  using Changed = std::function<void(Http2Client&)>;

  /// `idle`, `gone`: the last request is over; the connection is closed.
  Http2Client(Context& context, std::shared_ptr<Channel> channel, const Http2Terms& terms,
              Changed idle, Changed gone)
      : Http2Connection(context, std::move(channel), Side::kClient),
        terms_(terms),
        idle_(std::move(idle)),
        gone_(std::move(gone)) {}

  const Http2Terms& terms() const { return terms_; }

  /// For one request; null when the connection takes no more, for now or for good: the server or
  /// the terms do not allow it.
  std::shared_ptr<Http2Stream> open();
  /// From now on, as the terms say. A server that does not answer sees a reset.
  void keepAlive();
  /// After the requests that are under way.
  void retire();

 private:
  void headReceived(int32_t id, const http2::ReceivedHead& head, bool ended) override;
  void refuse(int32_t id);
  void pingAnswered() override { keepAlive(); }
  void goAwayReceived() override { retired_ = true; }
  void becameIdle() override;
  void gone() override;
  void expired() override { retire(); }
  bool isFull();
  void ping();
  void setPingTimer(Duration pause, Reactor::Task task);

  const Http2Terms terms_;
  Changed idle_;
  Changed gone_;
  int32_t next_number_ = -1;  ///< of streams that the wire has no number for yet
  uint32_t requests_ = 0;
  bool retired_ = false;
  Reactor::TimerId ping_timer_ = 0;
};

}  // namespace sluice::proxy
