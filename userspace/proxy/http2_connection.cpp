// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/http2_connection.h"

#include <nghttp2/nghttp2.h>

#include <utility>
#include <vector>

#include "userspace/proxy/http2_field_block.h"
#include "userspace/proxy/http2_limits.h"
#include "userspace/proxy/upstream_channel.h"

namespace sluice::proxy {

namespace {

/// Reads before the others get their turn.
constexpr int kReadsPerTurn = 8;
/// Rounds of telling streams and sending what they write, likewise.
constexpr int kRoundsPerTurn = 8;
/// Bytes worth a system call.
constexpr size_t kSendBytes = 64 * 1024;

std::string_view view(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

Http2Connection& from(void* user) { return *static_cast<Http2Connection*>(user); }

}  // namespace

/// What nghttp2 calls.
struct Http2Callbacks {
  static int beginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& self = from(user);
    self.head_.clear();
    self.headBegins(frame->hd.stream_id, frame->headers.cat == NGHTTP2_HCAT_REQUEST);
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame*, const uint8_t* name, size_t name_size,
                    const uint8_t* value, size_t value_size, uint8_t, void* user) {
    from(user).head_.add(view(name, name_size), view(value, value_size));
    return 0;
  }

  static int frameReceived(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& self = from(user);
    const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        self.headReceived(frame->hd.stream_id, self.head_, ended);
        break;
      case NGHTTP2_DATA:
        if (auto* stream = self.find(frame->hd.stream_id); stream != nullptr && ended)
          stream->receiveEnd({});
        break;
      case NGHTTP2_RST_STREAM:
        if (auto* stream = self.find(frame->hd.stream_id)) stream->receiveReset();
        break;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) self.pingAnswered();
        break;
      case NGHTTP2_GOAWAY:
        self.goAwayReceived();
        break;
      default:
        break;
    }
    return 0;
  }

  static int data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* bytes, size_t size,
                  void* user) {
    from(user).data(id, view(bytes, size));
    return 0;
  }

  static int streamClosed(nghttp2_session*, int32_t id, uint32_t error, void* user) {
    from(user).streamClosed(id, error);
    return 0;
  }

  static int invalidFrame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user) {
    // Too many requests at once are no fault of a client that has not seen our settings yet.
    if (error != NGHTTP2_ERR_REFUSED_STREAM) from(user).badFrame(frame->hd.type);
    return 0;
  }

  /// nghttp2 would leave the field out. RFC 9113 §8.2.1: the message is malformed.
  static int invalidHeader(nghttp2_session* session, const nghttp2_frame* frame, const uint8_t*,
                           size_t, const uint8_t*, size_t, uint8_t, void*) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                              NGHTTP2_PROTOCOL_ERROR);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int frameSent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR)
      ++from(user).context_.stats.http2_failures;
    const bool body = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (body && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
      from(user).endOfStreamSent(frame->hd.stream_id);
    return 0;
  }

  static ssize_t readData(nghttp2_session* session, int32_t id, uint8_t* frame, size_t size,
                          uint32_t* flags, nghttp2_data_source*, void* user) {
    auto* const stream = from(user).find(id);
    if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (!stream->hasOutgoing()) return NGHTTP2_ERR_DEFERRED;
    bool last = false;
    const size_t count = stream->takeOutgoing({frame, size}, last);
    if (last) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (last) submitTrailers(session, *stream, flags);
    return static_cast<ssize_t>(count);
  }

  static void submitTrailers(nghttp2_session* session, const Http2Stream& stream, uint32_t* flags) {
    std::vector<nghttp2_nv> block;  // more than a head may have
    stream.sent().eachTrailer([&](std::string_view name, std::string_view value) {
      block.push_back(http2Field(name, value));
    });
    if (block.empty()) return;
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    nghttp2_submit_trailer(session, stream.id(), block.data(), block.size());
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* all = nullptr;
    nghttp2_session_callbacks_new(&all);
    nghttp2_session_callbacks_set_on_begin_headers_callback(all, beginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(all, header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, frameReceived);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, data);
    nghttp2_session_callbacks_set_on_stream_close_callback(all, streamClosed);
    nghttp2_session_callbacks_set_on_frame_send_callback(all, frameSent);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(all, invalidFrame);
    nghttp2_session_callbacks_set_on_invalid_header_callback(all, invalidHeader);
    return all;
  }
};

Http2Connection::Http2Connection(Context& context, std::shared_ptr<Channel> channel, Side side)
    : context_(context),
      side_(side),
      channel_(std::move(channel)),
      incoming_(context.blocks, kHeadroom) {
  static nghttp2_session_callbacks* const kCallbacks = Http2Callbacks::make();
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  // Windows open as what came is read.
  nghttp2_option_set_no_auto_window_update(options, 1);
  // nghttp2 drops a block that is larger, and nobody hears of it.
  nghttp2_option_set_max_send_header_block_length(options, 4 * http1::kMaxHeadBytes);
  const bool server = side == Side::kServer;
  (server ? nghttp2_session_server_new2 : nghttp2_session_client_new2)(&session_, kCallbacks, this,
                                                                       options);
  nghttp2_option_del(options);
}

Http2Connection::~Http2Connection() { nghttp2_session_del(session_); }

Result<void> Http2Connection::start(std::string_view bytes) {
  std::vector<nghttp2_settings_entry> settings{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, http2::kMaxFieldSectionBytes}};
  if (side_ == Side::kClient) settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  SLUICE_TRY(channel_->watch(shared_from_this()));
  const auto self = shared_from_this();
  if (!feed(bytes)) fail();
  schedule();
  return {};
}

void Http2Connection::channelReady() { turn(); }

void Http2Connection::turn() {
  const auto self = shared_from_this();
  in_turn_ = true;
  receive();
  for (int i = 0; i < kRoundsPerTurn && !closed(); ++i) {
    notifyStreams();
    send();
    if (queue_.empty()) break;
  }
  in_turn_ = false;
  if (closed()) return;
  if (isFlooded()) return fail();
  const bool wanted = nghttp2_session_want_read(session_) != 0 ||
                      nghttp2_session_want_write(session_) != 0 || !outgoing_.empty();
  if (!wanted) return close();
  turnEnded();
  const bool more = !queue_.empty() || (channel_ != nullptr && channel_->readable());
  if (more) schedule();
}

void Http2Connection::schedule() {
  if (in_turn_ || scheduled_ || closed()) return;
  scheduled_ = true;
  context_.reactor.post([self = shared_from_this()] {
    self->scheduled_ = false;
    if (!self->closed()) self->turn();
  });
}

void Http2Connection::receive() {
  for (int i = 0; i < kReadsPerTurn && !closed() && channel_->readable(); ++i) {
    // What is to be read may be an end that a reader who waits for bytes must see.
    if (incoming_.space().empty()) break;
    const auto io = channel_->read(incoming_);
    if (io == Channel::Io::kEnd || io == Channel::Io::kFailed) return close();
    const bool valid = feed(incoming_.data());
    incoming_.clear();
    if (!valid) return fail();
  }
}

/// False when this cannot be HTTP/2, or is a flood of what has to be answered.
bool Http2Connection::feed(std::string_view bytes) {
  return nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()),
                                  bytes.size()) >= 0;
}

void Http2Connection::notifyStreams() {
  std::swap(queue_, told_);
  for (const auto& stream : told_) stream->notify();
  told_.clear();
}

void Http2Connection::send() {
  while (!closed() && channel_->writable() && fill()) {
    size_t written = 0;
    const auto io = channel_->write(std::string_view(outgoing_).substr(outgoing_at_), written);
    outgoing_at_ += written;
    if (io == Channel::Io::kFailed) return channel_->expectEnd();
    if (outgoing_at_ < outgoing_.size()) continue;
    outgoing_.clear();
    outgoing_at_ = 0;
  }
}

/// Whether there is something to send.
bool Http2Connection::fill() {
  if (!outgoing_.empty()) return true;
  while (outgoing_.size() < kSendBytes) {
    const uint8_t* frame = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &frame);
    if (size <= 0) break;
    outgoing_.append(view(frame, static_cast<size_t>(size)));
  }
  return !outgoing_.empty();
}

Http2Stream* Http2Connection::find(int32_t id) const {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

void Http2Connection::add(std::shared_ptr<Http2Stream> stream) {
  streams_.emplace(stream->id(), std::move(stream));
}

void Http2Connection::answerWith(int32_t id, std::string_view status) {
  const nghttp2_nv head = http2Field(":status", status);
  nghttp2_submit_response(session_, id, &head, 1, nullptr);
}

void Http2Connection::enqueue(Http2Stream& stream) {
  if (stream.queued) return;
  stream.queued = true;
  queue_.push_back(stream.shared_from_this());
  schedule();
}

bool Http2Connection::sendHead(Http2Stream& stream) {
  const auto& splitter = stream.sent();
  nghttp2_data_provider provider{{}, Http2Callbacks::readData};
  const nghttp2_data_provider* const body = splitter.endsWithHead() ? nullptr : &provider;
  Http2FieldBlock block;
  int error = 0;
  if (side_ == Side::kServer) {
    const auto& head = context_.http2_heads.response;
    const std::string status = std::to_string(head.status);
    block.add(":status", status);
    block.addAll(head.fields);
    error = head.isInformational()
                ? nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id(), nullptr,
                                         block.data(), block.size(), nullptr)
                : nghttp2_submit_response(session_, stream.id(), block.data(), block.size(), body);
  } else {
    const auto& head = context_.http2_heads.request;
    if (head.method == "HEAD") stream.setHeadRequest();
    for (const auto& [name, value] :
         {std::pair<std::string_view, std::string_view>{":method", head.method},
          {":scheme", "http"},
          {":authority", head.authority},
          {":path", head.path}})
      block.add(name, value);
    block.addAll(head.fields);
    error = nghttp2_submit_request(session_, nullptr, block.data(), block.size(), body, nullptr);
    if (error >= 0) renumber(stream, error);
  }
  schedule();
  return error >= 0;
}

void Http2Connection::resume(Http2Stream& stream) {
  nghttp2_session_resume_data(session_, stream.id());
  schedule();
}

void Http2Connection::consumed(Http2Stream& stream, size_t size) {
  nghttp2_session_consume_stream(session_, stream.id(), size);
  schedule();
}

void Http2Connection::data(int32_t id, std::string_view bytes) {
  // The connection's window has room for those of all streams: one that is not read stops alone.
  nghttp2_session_consume_connection(session_, bytes.size());
  auto* const stream = find(id);
  if (stream == nullptr || !stream->receiveData(bytes))
    nghttp2_session_consume_stream(session_, id, bytes.size());
}

/// From a number of ours, as it was opened, to that of the wire.
void Http2Connection::renumber(Http2Stream& stream, int32_t id) {
  auto node = streams_.extract(stream.id());
  node.key() = id;
  stream.setId(id);
  streams_.insert(std::move(node));
}

void Http2Connection::abandon(Http2Stream& stream) {
  if (stream.id() < 0) return release(stream);
  const bool end_sent = nghttp2_session_get_stream_local_close(session_, stream.id()) == 1;
  const bool whole = stream.wroteAll() && stream.receivedAll();
  if (side_ == Side::kClient) {
    if (!whole) cancel(stream);
  } else if (!stream.wroteAll()) {
    cancel(stream);
  } else if (end_sent) {
    endOfStreamSent(stream.id());
  }
}

/// RFC 9113 §8.1: the answer is complete, and what is still to come of the request is not wanted.
void Http2Connection::endOfStreamSent(int32_t id) {
  const auto* stream = find(id);
  if (side_ != Side::kServer || stream == nullptr) return;
  if (!stream->abandoned() || stream->receivedAll()) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
  schedule();
}

}  // namespace sluice::proxy
