// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "userspace/proxy/http2_connection.h"

namespace sluice::proxy {

/// A connection of HTTP/2 to a server (prior knowledge), for many requests at once.
class Http2Client final : public Http2Connection {
 public:
  using Changed = std::function<void(Http2Client&)>;

  /// `idle`, `gone`: the last request is over; the connection is closed.
  Http2Client(Context& context, std::shared_ptr<Channel> channel, Changed idle, Changed gone)
      : Http2Connection(context, std::move(channel), Side::kClient),
        idle_(std::move(idle)),
        gone_(std::move(gone)) {}

  /// For one request; null when the server takes no more on this connection, for now or for good.
  std::shared_ptr<Http2Stream> open();
  /// After the requests that are under way.
  void retire();

 private:
  void headReceived(int32_t id, const http2::ReceivedHead& head, bool ended) override;
  void goAwayReceived() override { retired_ = true; }
  void becameIdle() override;
  void gone() override { gone_(*this); }
  void expired() override { retire(); }

  Changed idle_;
  Changed gone_;
  int32_t next_number_ = -1;  ///< of streams that the wire has no number for yet
  bool retired_ = false;
};

}  // namespace sluice::proxy
