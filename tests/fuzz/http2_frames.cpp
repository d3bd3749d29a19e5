// SPDX-License-Identifier: Apache-2.0
// Frames of a client, through nghttp2 and what stands around it: whatever comes, the request that a
// session reads is one that the parser of HTTP/1 takes or refuses for what it asks, never for bytes
// that fields cannot have; and nothing is left when the connection is over.
// The first byte cuts the others into pieces; the preface is in front of them by itself.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/http2_world.h"
#include "userspace/proxy/http1/body.h"
#include "userspace/proxy/http2_server.h"

namespace {

using namespace sluice;
using namespace sluice::proxy;
using namespace sluice::fuzz;
using http1::Refusal;

/// A session's part: reads one request and answers it, at once or when it is whole.
class Reader final : public ChannelUser, public std::enable_shared_from_this<Reader> {
 public:
  Reader(Context& context, std::shared_ptr<Channel> stream, bool waits)
      : stream_(std::move(stream)), buffer_(context.blocks, 0), waits_(waits) {}

  void start() { (void)stream_->watch(shared_from_this()); }
  void stop() {
    if (stream_) stream_->close();
    stream_.reset();
    buffer_.clear();
  }
  void channelReady() override {
    while (stream_ && stream_->readable() && read()) check();
    if (!stream_) return;
    const bool whole = has_head_ && body_.done();
    if (stream_->broken() || refused_) return stop();
    if (has_head_ && (whole || !waits_)) answer();
  }

 private:
  bool read() { return stream_->read(buffer_) == Channel::Io::kProgress; }

  void check() {
    if (!has_head_) checkHead();
    if (has_head_) buffer_.consume(body_.take(buffer_.data()));
    FUZZ_REQUIRE(!has_head_ || buffer_.empty() || body_.refusal() != Refusal::kNone);
    refuse(body_.refusal());
  }
  void checkHead() {
    static http1::RequestHead head;
    const auto parsed = http1::parseRequest(buffer_.data(), 0, head);
    refuse(parsed.refusal);
    if (!parsed.complete()) return;
    has_head_ = true;
    FUZZ_REQUIRE(head.minor_version == 1 && parsed.skipped == 0);
    body_ = http1::Body(head.bodyKind(), head.fields.content_length);
    buffer_.consume(parsed.consumed);
  }
  void refuse(Refusal why) {
    FUZZ_REQUIRE(!isInjection(why));
    refused_ |= why != Refusal::kNone;
    if (refused_) buffer_.clear();
  }
  void answer() {
    size_t written = 0;
    stream_->write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", written);
    stop();
  }

  std::shared_ptr<Channel> stream_;
  Buffer buffer_;
  const bool waits_;
  bool has_head_ = false;
  bool refused_ = false;
  http1::Body body_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static auto& world = *new World;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const bool waits = data[0] % 2 == 0;

  std::vector<std::shared_ptr<Reader>> readers;
  const auto wire = std::make_shared<Wire>(*world.reactor);
  bool gone = false;
  const auto server = std::make_shared<Http2Server>(
      world.context, wire, Origin{},
      [&](std::shared_ptr<Channel> stream, const Origin&) {
        readers.push_back(std::make_shared<Reader>(world.context, std::move(stream), waits));
        readers.back()->start();
      },
      [&](Http2Server&) { gone = true; });
  FUZZ_REQUIRE(server->start("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").ok());
  feed(world, *wire, input, gone);
  finish(world, *server, readers, gone);
  return 0;
}
