// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "userspace/proxy/channel.h"
#include "userspace/proxy/context.h"
#include "userspace/proxy/fault_budget.h"
#include "userspace/proxy/http2/received_head.h"
#include "userspace/proxy/http2_stream.h"

struct nghttp2_session;

namespace sluice::proxy {

/// Frames of RFC 9113 both ways, by nghttp2; either side of a connection.
///
/// Nothing here calls a stream's user from within nghttp2 or from within another user: streams that
/// have something to say wait in a queue until the connection's turn, and what users write is sent
/// at the end of that turn.
class Http2Connection : public Timed,
                        public ChannelUser,
                        public std::enable_shared_from_this<Http2Connection> {
 public:
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;
  ~Http2Connection() override;

  /// Begins to read, first `bytes`, which came before.
  Result<void> start(std::string_view bytes = {});
  /// The peer sees a reset.
  void abort();

  size_t streams() const { return streams_.size(); }
  bool closed() const { return channel_ == nullptr; }
  std::optional<SocketAddress> localAddress() {
    return closed() ? std::nullopt : channel_->localAddress();
  }

  // For the streams.

  void enqueue(Http2Stream& stream);
  /// The head that the stream's splitter has found. False: the stream cannot carry it.
  bool sendHead(Http2Stream& stream);
  /// There is more to send, or the end.
  void resume(Http2Stream& stream);
  void consumed(Http2Stream& stream, size_t size);
  /// Nobody reads or writes any more.
  void abandon(Http2Stream& stream);
  void cancel(Http2Stream& stream);

 protected:
  enum class Side : uint8_t { kServer, kClient };
  Http2Connection(Context& context, std::shared_ptr<Channel> channel, Side side);

  // nghttp2's callbacks, one for each purpose.
  virtual void headBegins(int32_t /*id*/, bool /*first*/) {}
  virtual void headReceived(int32_t id, const http2::ReceivedHead& head, bool ended) = 0;
  /// nghttp2 resets the stream. `head`: as far as it was read, or of an earlier block.
  virtual void headMalformed(const http2::ReceivedHead& /*head*/) {}
  virtual void pingAnswered() {}
  virtual void goAwayReceived() {}
  /// The last stream has gone.
  virtual void becameIdle() = 0;
  /// At the end of each turn.
  virtual void turnEnded() {}
  /// The connection is closed; called once.
  virtual void gone() = 0;

  nghttp2_session* session() { return session_; }
  Http2Stream* find(int32_t id) const;
  void add(std::shared_ptr<Http2Stream> stream);
  /// A response of a status alone.
  void answerWith(int32_t id, std::string_view status);
  /// Soon a turn, in which what was submitted is sent.
  void schedule();
  /// Tells the peer why and closes once that is sent.
  void terminate(uint32_t error);
  void close();

  Context& context_;

 private:
  friend struct Http2Callbacks;

  void channelReady() override;
  void turn();
  void receive();
  bool feed(std::string_view bytes);
  void notifyStreams();
  void send();
  bool fill();
  void streamClosed(int32_t id, uint32_t error);
  void data(int32_t id, std::string_view bytes);
  void endOfStreamSent(int32_t id);
  /// `type`: of the frame
  void badFrame(uint8_t type);
  bool isFlooded() const;
  void fail();
  void renumber(Http2Stream& stream, int32_t id);
  void release(Http2Stream& stream);
  void forget(int32_t id);

  const Side side_;
  std::shared_ptr<Channel> channel_;  ///< null: closed
  nghttp2_session* session_ = nullptr;
  std::unordered_map<int32_t, std::shared_ptr<Http2Stream>> streams_;
  std::vector<std::shared_ptr<Http2Stream>> queue_;
  std::vector<std::shared_ptr<Http2Stream>> told_;  ///< by notifyStreams(), else empty
  http2::ReceivedHead head_;                        ///< of the HEADERS that is being received
  Buffer incoming_;
  std::string outgoing_;
  size_t outgoing_at_ = 0;
  FaultBudget faults_;
  bool in_turn_ = false;
  bool scheduled_ = false;
};

}  // namespace sluice::proxy
