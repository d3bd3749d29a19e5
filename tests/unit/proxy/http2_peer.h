// SPDX-License-Identifier: Apache-2.0
// An end of a connection of HTTP/2, by nghttp2, over a Peer of the test.
#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/proxy/peers.h"

namespace sluice::proxy::test {

using FieldList = std::vector<std::pair<std::string, std::string>>;

/// What came on one stream.
struct Http2Message {
  FieldList head, trailers;
  std::vector<std::string> interim;  ///< statuses
  std::string body;
  bool ended = false;
  bool closed = false;
  uint32_t error = 0;  ///< of RST_STREAM

  std::string get(std::string_view name) const {
    for (const auto& [key, value] : head)
      if (key == name) return value;
    return {};
  }
};

class Http2Peer {
 public:
  enum class Side { kClient, kServer };

  Http2Peer(Peer& peer, Side side, bool reads_bodies = true) : peer_(peer) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, beginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, closed);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, reads_bodies ? 0 : 1);
    nghttp2_option_set_max_send_header_block_length(option, 1 << 20);
    const auto make =
        side == Side::kClient ? nghttp2_session_client_new2 : nghttp2_session_server_new2;
    make(&session_, callbacks, this, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  Http2Peer(const Http2Peer&) = delete;
  Http2Peer& operator=(const Http2Peer&) = delete;
  ~Http2Peer() { nghttp2_session_del(session_); }

  nghttp2_session* session() { return session_; }
  Peer& peer() { return peer_; }
  bool goAway() const { return go_away_; }
  std::map<int32_t, Http2Message>& messages() { return messages_; }
  Http2Message& message(int32_t id) { return messages_[id]; }

  /// With exactly these fields, and no body.
  int32_t request(const FieldList& head) { return submit(head, nullptr); }
  /// GET of `path`, more fields behind the pseudo ones.
  int32_t get(const std::string& path, const FieldList& more = {}) {
    return request(requestHead("GET", path, more));
  }
  /// POST; send() and finish() follow.
  int32_t post(const std::string& path, const FieldList& more = {}) {
    const auto head = requestHead("POST", path, more);
    const auto provider = providerOf();
    return submit(head, &provider);
  }
  void respond(int32_t id, const FieldList& head, bool with_body) {
    const auto block = blockOf(head);
    const auto provider = providerOf();
    nghttp2_submit_response(session_, id, block.data(), block.size(),
                            with_body ? &provider : nullptr);
  }
  void interim(int32_t id, const std::string& status) {
    const auto block = blockOf(kept_.emplace_back(FieldList{{":status", status}}));
    nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, id, nullptr, block.data(), block.size(),
                           nullptr);
  }
  void send(int32_t id, std::string_view bytes) {
    outgoing_[id].bytes.append(bytes);
    nghttp2_session_resume_data(session_, id);
  }
  void finish(int32_t id, FieldList trailers = {}) {
    outgoing_[id].finished = true;
    outgoing_[id].trailers = std::move(trailers);
    nghttp2_session_resume_data(session_, id);
  }
  void reset(int32_t id, uint32_t error) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, error);
  }

  void poll() {
    auto& bytes = peer_.received();
    if (!bytes.empty())
      nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()),
                               bytes.size());
    bytes.clear();
    const uint8_t* frame_bytes = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &frame_bytes)) > 0;)
      peer_.send({reinterpret_cast<const char*>(frame_bytes), static_cast<size_t>(size)});
    peer_.poll();
  }

 private:
  struct Outgoing {
    std::string bytes;
    bool finished = false;
    FieldList trailers;
  };

  static Http2Peer& of(void* user) { return *static_cast<Http2Peer*>(user); }
  static std::vector<nghttp2_nv> blockOf(const FieldList& fields) {
    std::vector<nghttp2_nv> block;
    for (const auto& [name, value] : fields)
      block.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                       reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                       value.size(), NGHTTP2_NV_FLAG_NONE});
    return block;
  }
  static FieldList requestHead(const std::string& method, const std::string& path,
                               const FieldList& more) {
    FieldList head{{":method", method}, {":scheme", "http"}, {":authority", "a"}, {":path", path}};
    head.insert(head.end(), more.begin(), more.end());
    return head;
  }
  static nghttp2_data_provider providerOf() { return {{}, read}; }
  int32_t submit(const FieldList& head, const nghttp2_data_provider* body) {
    const auto block = blockOf(head);
    return nghttp2_submit_request(session_, nullptr, block.data(), block.size(), body, nullptr);
  }

  static ssize_t read(nghttp2_session* session, int32_t id, uint8_t* to, size_t size,
                      uint32_t* flags, nghttp2_data_source*, void* user) {
    auto& out = of(user).outgoing_[id];
    const size_t count = std::min(size, out.bytes.size());
    std::copy_n(out.bytes.begin(), count, to);
    out.bytes.erase(0, count);
    if (out.bytes.empty() && out.finished) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (!out.trailers.empty()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const auto block = blockOf(out.trailers);
        nghttp2_submit_trailer(session, id, block.data(), block.size());
      }
    } else if (count == 0) {
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(count);
  }
  static int beginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    of(user).fields_.clear();
    of(user).messages_[frame->hd.stream_id];
    return 0;
  }
  static int header(nghttp2_session*, const nghttp2_frame*, const uint8_t* name, size_t name_size,
                    const uint8_t* value, size_t value_size, uint8_t, void* user) {
    of(user).fields_.emplace_back(std::string(reinterpret_cast<const char*>(name), name_size),
                                  std::string(reinterpret_cast<const char*>(value), value_size));
    return 0;
  }
  static int data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* bytes, size_t size,
                  void* user) {
    of(user).messages_[id].body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    auto& self = of(user);
    self.go_away_ |= frame->hd.type == NGHTTP2_GOAWAY;
    if (frame->hd.stream_id == 0) return 0;
    auto& message = self.messages_[frame->hd.stream_id];
    if (frame->hd.type == NGHTTP2_HEADERS) self.take(message);
    message.ended |= (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
                     (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA);
    return 0;
  }
  void take(Http2Message& message) {
    const bool pseudo = !fields_.empty() && fields_.front().first.starts_with(':');
    if (!pseudo) {
      message.trailers = fields_;
    } else if (fields_.front().first == ":status" && fields_.front().second.starts_with('1')) {
      message.interim.push_back(fields_.front().second);
    } else {
      message.head = fields_;
    }
  }
  static int closed(nghttp2_session*, int32_t id, uint32_t error, void* user) {
    of(user).messages_[id].closed = true;
    of(user).messages_[id].error = error;
    return 0;
  }

  Peer& peer_;
  nghttp2_session* session_ = nullptr;
  FieldList fields_;
  std::vector<FieldList> kept_;
  std::map<int32_t, Http2Message> messages_;
  std::map<int32_t, Outgoing> outgoing_;
  bool go_away_ = false;
};

}  // namespace sluice::proxy::test
