// SPDX-License-Identifier: Apache-2.0
// Frames of a server, through nghttp2 and what stands around it: whatever comes, the responses that
// a session reads are such that the parser of HTTP/1 takes, or refuses for what they say, never for
// bytes that fields cannot have; and nothing is left when the connection is over.
// The first byte cuts the others into pieces. Three requests wait for their answers.
#include <memory>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/http2_world.h"
#include "userspace/proxy/http1/body.h"
#include "userspace/proxy/http2_client.h"

namespace {

using namespace sluice;
using namespace sluice::proxy;
using namespace sluice::fuzz;
using http1::Refusal;

constexpr std::string_view kRequests[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
};

/// A session's part: writes one request and reads what comes.
class Reader final : public ChannelUser, public std::enable_shared_from_this<Reader> {
 public:
  Reader(Context& context, std::shared_ptr<Channel> stream, std::string_view request)
      : stream_(std::move(stream)),
        buffer_(context.blocks, 0),
        to_head_(request.starts_with("HEAD")),
        request_(request) {}

  void start() {
    (void)stream_->watch(shared_from_this());
    size_t written = 0;
    stream_->write(request_, written);
    FUZZ_REQUIRE(written == request_.size());
  }
  void stop() {
    if (stream_) stream_->close();
    stream_.reset();
    buffer_.clear();
  }
  void channelReady() override {
    while (stream_ && stream_->readable() && stream_->read(buffer_) == Channel::Io::kProgress)
      check();
    if (stream_ && (stream_->broken() || refused_ || (has_head_ && body_.done()))) stop();
  }

 private:
  void check() {
    while (!has_head_ && !refused_ && checkHead()) {
    }
    if (has_head_) buffer_.consume(body_.take(buffer_.data()));
    FUZZ_REQUIRE(!has_head_ || buffer_.empty() || body_.done() ||
                 body_.refusal() != Refusal::kNone);
    refuse(body_.refusal());
  }
  /// True when there may be another: interim ones come first.
  bool checkHead() {
    static http1::ResponseHead head;
    const auto parsed = http1::parseResponse(buffer_.data(), 0, head);
    refuse(parsed.refusal);
    if (!parsed.complete()) return false;
    FUZZ_REQUIRE(head.minor_version == 1);
    buffer_.consume(parsed.consumed);
    if (head.isInformational()) return true;
    has_head_ = true;
    body_ = http1::Body(head.bodyKind(to_head_), head.fields.content_length);
    return false;
  }
  void refuse(Refusal why) {
    // The status may be a number that is none of HTTP/1.
    FUZZ_REQUIRE(why == Refusal::kBadStartLine || !isInjection(why));
    refused_ |= why != Refusal::kNone;
    if (refused_) buffer_.clear();
  }

  std::shared_ptr<Channel> stream_;
  Buffer buffer_;
  const bool to_head_;
  const std::string_view request_;
  bool has_head_ = false;
  bool refused_ = false;
  http1::Body body_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static auto& world = *new World;
  const std::string_view input(reinterpret_cast<const char*>(data), size);

  std::vector<std::shared_ptr<Reader>> readers;
  const auto wire = std::make_shared<Wire>(*world.reactor);
  bool gone = false;
  const auto client = std::make_shared<Http2Client>(
      world.context, wire, Http2Terms{}, [](Http2Client&) {}, [&](Http2Client&) { gone = true; });
  FUZZ_REQUIRE(client->start({}).ok());
  for (const auto request : kRequests) {
    auto stream = client->open();
    FUZZ_REQUIRE(stream != nullptr);
    readers.push_back(std::make_shared<Reader>(world.context, std::move(stream), request));
    readers.back()->start();
  }
  turn(*world.reactor);
  feed(world, *wire, input, gone);
  finish(world, *client, readers, gone);
  return 0;
}
