// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "userspace/proxy/http2_connection.h"
#include "userspace/proxy/origin.h"

namespace sluice::proxy {

/// A client's connection of HTTP/2 (prior knowledge). Each of its requests becomes a session.
class Http2Server final : public Http2Connection {
 public:
  /// Takes over a stream that has a request.
  using Opened = std::function<void(std::shared_ptr<Channel> stream, const Origin& origin)>;
  using Gone = std::function<void(Http2Server&)>;

  Http2Server(Context& context, std::shared_ptr<Channel> channel, const Origin& origin,
              Opened opened, Gone gone);

  const Origin& origin() const { return origin_; }
  TimePoint since() const { return since_; }
  uint64_t requests() const { return requests_; }

  /// Tells the client to go elsewhere; requests that are on their way are still answered.
  void drain();

 private:
  void headBegins(int32_t id, bool first) override;
  void headReceived(int32_t id, const http2::ReceivedHead& head, bool ended) override;
  void headMalformed(const http2::ReceivedHead& head) override;
  void pingAnswered() override;
  void becameIdle() override;
  void turnEnded() override;
  void gone() override { gone_(*this); }
  void expired() override;

  void begin(int32_t id, const http2::ReceivedHead& head, bool ended);
  void answerTooLarge(int32_t id, const http2::ReceivedHead& head);
  void refuse(int32_t id, uint32_t error);
  void headTimedOut();
  void report(const http2::ReceivedHead& head, int status, std::string_view details,
              Duration duration = {});

  enum class Waiting { kNothing, kHead, kRequest };
  void waitFor(Waiting what);

  const Origin origin_;
  const TimePoint since_;
  Opened opened_;
  Gone gone_;
  uint64_t requests_ = 0;
  bool head_open_ = false;   ///< a head has begun and is not complete
  bool of_request_ = false;  ///< the head that was begun last, and that nobody has seen yet
  Waiting waiting_ = Waiting::kNothing;
  bool draining_ = false;
  bool terminated_ = false;  ///< the client's time is over, and it is told so
};

}  // namespace sluice::proxy
