// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "userspace/proxy/channel.h"
#include "userspace/proxy/http2/message_splitter.h"
#include "userspace/proxy/http2/received_message.h"

namespace sluice::proxy {

class Http2Connection;

/// One exchange on a connection of HTTP/2, for a user who speaks HTTP/1.1: one message each way.
/// Holds at most kBufferBytes of data that the user has not read, and as much that the peer has
/// not taken.
class Http2Stream final : public Channel, public std::enable_shared_from_this<Http2Stream> {
 public:
  using Kind = http2::MessageSplitter::Kind;

  /// `sends`: what the user writes.
  Http2Stream(Http2Connection& connection, Reactor& reactor, http2::HeadScratch& scratch,
              Kind sends);

  Result<void> watch(std::shared_ptr<ChannelUser> user) override;
  void unwatch() override;
  Io read(Buffer& buffer) override;
  Io write(std::string_view bytes, size_t& written) override;
  bool isQuiet() override { return !readable_; }
  std::optional<SocketAddress> localAddress() override;
  void shutdownWrite() override;
  void close() override;
  void reset() override;
  Ending ending() const override { return ending_; }

  // For the connection.

  int32_t id() const { return id_; }
  void setId(int32_t id) { id_ = id; }
  /// The request is HEAD: its response has no body.
  void setHeadRequest();
  bool isHeadRequest() const { return head_request_; }
  /// False when too many wait to be read; the first one always has room.
  bool receiveHead(std::string_view head, http2::Framing framing);
  /// Whether the bytes are kept until they are read.
  bool receiveData(std::string_view data);
  void receiveEnd(std::string_view trailers);
  /// The peer has reset the stream.
  void receiveReset() { ending_ = Ending::kReset; }
  bool wasReset() const { return ending_ == Ending::kReset; }
  /// The stream is no more, and what the peer sends is whole.
  void ended();
  /// The stream is no more.
  void broke(Ending how);
  /// Takes data for a frame; `last`: nothing but trailers follows it.
  size_t takeOutgoing(std::span<uint8_t> frame, bool& last);
  bool hasOutgoing() const { return !outgoing_.empty() || outgoing_ended_; }
  const http2::MessageSplitter& sent() const { return splitter_; }
  bool wroteAll() const { return outgoing_ended_; }
  bool receivedAll() const { return message_.ended(); }
  /// The connection has answered itself: what still comes is not kept.
  void discard() { abandoned_ = true; }
  /// Nobody will read or write any more; what was written is still to be sent.
  bool abandoned() const { return abandoned_; }

  /// Tells the user, if there is one. At the connection's convenience: see Http2Connection.
  void notify();
  bool queued = false;  ///< waits for notify()

 private:
  bool take(const http2::MessageSplitter::Piece& piece);
  size_t outgoingSize() const { return outgoing_.size() - outgoing_at_; }
  void leaveUser();
  void leaveConnection();
  void updateReadable();

  Http2Connection* connection_;  ///< null when the stream is no more
  Reactor& reactor_;
  std::shared_ptr<ChannelUser> user_;
  int32_t id_ = -1;
  http2::MessageSplitter splitter_;
  http2::ReceivedMessage message_;
  std::string outgoing_;
  size_t outgoing_at_ = 0;
  bool outgoing_ended_ = false;
  Ending ending_ = Ending::kClosed;
  bool abandoned_ = false;
  bool head_request_ = false;
};

}  // namespace sluice::proxy
