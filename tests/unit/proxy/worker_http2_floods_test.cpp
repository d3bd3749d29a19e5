// SPDX-License-Identifier: Apache-2.0
// Clients of HTTP/2 who cost more than they ask for: what they get ends, and is counted.
#include "tests/unit/proxy/http2_fixture.h"

namespace sluice::proxy::test {
namespace {

constexpr uint8_t kData = 0, kHeaders = 1, kRstStream = 3, kSettings = 4, kPing = 6, kWindow = 8,
                  kContinuation = 9;
constexpr uint8_t kEndHeaders = 4, kEndStream = 1;
constexpr const char* kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

std::string number(uint32_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift & 0xff);
  return out;
}

/// RFC 9113 §4.1.
std::string frame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload) {
  std::string out = number(static_cast<uint32_t>(payload.size()), 3);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  return out + number(stream, 4) + payload;
}

/// GET http://a/ by HPACK's static table (RFC 7541, appendix A): :method, :scheme, :path,
/// :authority.
std::string headBlock() {
  return "\x82\x86\x84\x41\x01"
         "a";
}
std::string requestOn(uint32_t stream, uint8_t flags = kEndHeaders | kEndStream) {
  return frame(kHeaders, flags, stream, headBlock());
}
/// A fault of the stream alone: its window beyond the limit.
std::string tooWideFor(uint32_t stream) { return frame(kWindow, 0, stream, number(0x7fffffff, 4)); }
std::string begin() { return kPreface + frame(kSettings, 0, 0, ""); }

class Http2Floods : public Http2Test {
 protected:
  Http2Floods() {
    serve();
    routeAsHttp2();
  }

  /// What the client gets after `bytes`; the connection ends and is counted as failed.
  std::string expectEnd(const std::string& bytes) {
    Peer& raw = connect();
    raw.send(begin() + bytes);
    EXPECT_TRUE(until([&] { return raw.over(); }));
    EXPECT_TRUE(until([&] { return worker_->stats().open_connections == 0; }));
    EXPECT_EQ(worker_->stats().http2_failures, 1u);
    EXPECT_EQ(worker_->stats().lent_buffers, 0u);
    return raw.received();
  }
  size_t requestsSeen() {
    if (servers_[0]->connections().empty()) return 0;
    auto& backend = server();
    settle();
    return backend.messages().size();
  }
};

/// Whether GOAWAY says that error (RFC 9113 §6.8).
bool saysGoAway(const std::string& received, uint32_t error) {
  for (size_t at = 0; at + 9 <= received.size();) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(received[at + i]); };
    const size_t size = size_t{byte(0)} << 16 | size_t{byte(1)} << 8 | byte(2);
    if (byte(3) == NGHTTP2_GOAWAY) return received.substr(at + 13, 4) == number(error, 4);
    at += 9 + size;
  }
  return false;
}

TEST_F(Http2Floods, Pings) {
  std::string all;
  for (int i = 0; i < 20000; ++i) all += frame(kPing, 0, 0, "12345678");
  expectEnd(all);
}

TEST_F(Http2Floods, Settings) {
  std::string all;
  for (int i = 0; i < 20000; ++i) all += frame(kSettings, 0, 0, "");
  expectEnd(all);
}

TEST_F(Http2Floods, RapidReset) {
  std::string all;
  for (uint32_t id = 1; id < 20000; id += 2)
    all += requestOn(id) + frame(kRstStream, 0, id, number(NGHTTP2_CANCEL, 4));
  EXPECT_TRUE(saysGoAway(expectEnd(all), NGHTTP2_INTERNAL_ERROR));
  EXPECT_LT(requestsSeen(), 1000u);
}

// CVE-2025-8671: the server is made to do the resetting.
TEST_F(Http2Floods, ResetsThatTheProxyIsMadeToSend) {
  Peer& raw = connect();
  raw.send(begin());
  for (uint32_t id = 1; id < 20000 && !raw.over(); id += 2) {
    raw.send(requestOn(id) + tooWideFor(id));
    if (id % 64 == 1) settle();
  }
  ASSERT_TRUE(raw.over()) << "endless";
  EXPECT_TRUE(saysGoAway(raw.received(), NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_EQ(worker_->stats().http2_failures, 1u);
  EXPECT_LE(worker_->stats().requests, 1100u);
}

TEST_F(Http2Floods, SomeFaultsAreBorne) {
  Peer& raw = connect();
  raw.send(begin());
  for (uint32_t id = 1; id < 200; id += 2) raw.send(requestOn(id) + tooWideFor(id));
  settle();
  EXPECT_FALSE(raw.over());
  EXPECT_EQ(worker_->stats().http2_failures, 0u);
}

TEST_F(Http2Floods, Continuations) {
  std::string all = frame(kHeaders, kEndStream, 1, headBlock());
  for (int i = 0; i < 1000; ++i) all += frame(kContinuation, 0, 1, "");
  expectEnd(all);
  EXPECT_EQ(requestsSeen(), 0u);
}

/// As above, but so that each frame brings something.
TEST_F(Http2Floods, ContinuationsWithFields) {
  std::string all = frame(kHeaders, kEndStream, 1, headBlock());
  const std::string field = std::string("\x00\x01x\x7f\xc1\x3d", 6) + std::string(8000, 'y');
  for (int i = 0; i < 1000; ++i) all += frame(kContinuation, 0, 1, field);
  expectEnd(all);
  EXPECT_EQ(requestsSeen(), 0u);
}

TEST_F(Http2Floods, WindowsBeyondTheirLimit) {
  const std::string most = number(0x7fffffff, 4);
  EXPECT_TRUE(saysGoAway(expectEnd(frame(kWindow, 0, 0, most) + frame(kWindow, 0, 0, most)),
                         NGHTTP2_FLOW_CONTROL_ERROR));
}

TEST_F(Http2Floods, MoreDataThanWasAllowedEndsItsStreamAlone) {
  Peer& raw = connect();
  raw.send(begin() + requestOn(1, kEndHeaders));
  auto& backend = server();
  const auto stream = requestAt(backend);
  std::string all;
  for (int i = 0; i < 100; ++i) all += frame(kData, 0, 1, std::string(16384, 'x'));
  raw.send(all);
  ASSERT_TRUE(until([&] { return backend.message(stream).closed; }));
  EXPECT_NE(backend.message(stream).error, 0u);
  raw.send(requestOn(3));
  EXPECT_TRUE(until([&] { return backend.messages().size() == 2; }));
  EXPECT_EQ(worker_->stats().http2_failures, 0u);
}

TEST_F(Http2Floods, EmptyDataIsNothing) {
  Peer& raw = connect();
  std::string all = requestOn(1, kEndHeaders);
  for (int i = 0; i < 100000; ++i) all += frame(kData, 0, 1, "");
  raw.send(begin() + all);
  auto& backend = server();
  const auto stream = requestAt(backend);
  ASSERT_TRUE(until([&] { return raw.unsent() == 0; }));
  settle();
  EXPECT_LE(worker_->stats().lent_buffers, 3u);
  EXPECT_EQ(backend.message(stream).body, "");
  raw.send(frame(kData, kEndStream, 1, "end"));
  ASSERT_TRUE(until([&] { return backend.message(stream).ended; }));
  EXPECT_EQ(backend.message(stream).body, "end");
}

TEST_F(Http2Floods, HeadsWithoutEnd) {
  Peer& raw = connect();
  raw.send(begin() + frame(kHeaders, kEndStream, 1, headBlock()));
  ASSERT_TRUE(until([&] { return !raw.received().empty(); }));
  settle();
  clock_.advance(60s);
  ASSERT_TRUE(until([&] { return raw.over(); }));
  EXPECT_TRUE(saysGoAway(raw.received(), NGHTTP2_ENHANCE_YOUR_CALM));
  EXPECT_EQ(worker_->stats().http2_failures, 1u);
  EXPECT_EQ(worker_->stats().refused_requests, 1u);
  ASSERT_EQ(log_.entries.size(), 1u);
  EXPECT_EQ(log_.entries[0].flags, "DPE");
  EXPECT_EQ(log_.entries[0].details, "downstream_header_timeout");
  EXPECT_EQ(log_.entries[0].duration, 60s);
  EXPECT_EQ(log_.entries[0].host, kHost);
}

/// The announcement of the end stands behind a response that is not read.
TEST_F(Http2Floods, HeadsWithoutEndOfWhoDoesNotRead) {
  routeToServers();
  Peer& raw = connect();
  const int small = 4096;
  ::setsockopt(raw.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  raw.stall(true);
  constexpr uint32_t kAll = 0x7fffffff, kFirstWindow = 65535;
  raw.send(
      kPreface +
      frame(kSettings, 0, 0, number(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) + number(kAll, 4)) +
      frame(kWindow, 0, 0, number(kAll - kFirstWindow, 4)) + requestOn(1));
  request();
  const size_t size = 16 << 20;
  servers_[0]->connection(0).send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) +
                                  "\r\n\r\n" + std::string(size, 'x'));
  for (int i = 0; i < 20; ++i) settle();
  raw.send(frame(kHeaders, kEndStream, 3, headBlock()));
  settle();
  clock_.advance(60s);
  settle();
  EXPECT_EQ(worker_->stats().open_connections, 1u);
  clock_.advance(60s);
  EXPECT_TRUE(until([&] { return worker_->stats().open_connections == 0; }));
}

/// A block of a few KiB that means 60 MB: one entry of the table, named again and again.
TEST_F(Http2Floods, HpackBomb) {
  std::string block =
      headBlock() + std::string("\x40\x01x\x7f\xe1\x1d", 6) + std::string(3936, 'y');
  block += std::string(15000 - block.size(), '\xbe');  // index 62, the newest entry
  Peer& raw = connect();
  raw.send(begin() + frame(kHeaders, kEndHeaders | kEndStream, 1, block));
  ASSERT_TRUE(until([&] { return worker_->stats().refused_requests == 1; }));
  EXPECT_TRUE(servers_[0]->connections().empty());
  raw.send(requestOn(3));
  EXPECT_EQ(requestAt(server()), 1);
}

TEST_F(Http2Floods, TrailersThatAreTooLargeAreNotDroppedButRefused) {
  Peer& raw = connect();
  raw.send(begin() + requestOn(1, kEndHeaders));
  auto& backend = server();
  const auto stream = requestAt(backend);
  std::string block;
  const std::string field = std::string("\x00\x01x\x7f\xa1\x1e", 6) + std::string(4000, 'y');
  for (int i = 0; i < 4; ++i) block += field;
  std::string all = frame(kHeaders, kEndStream, 1, block);
  for (int i = 0; i < 4; ++i) all += frame(kContinuation, i == 3 ? kEndHeaders : 0, 1, block);
  raw.send(all);
  ASSERT_TRUE(until([&] { return backend.message(stream).closed; }));
  EXPECT_NE(backend.message(stream).error, 0u);
  EXPECT_FALSE(backend.message(stream).ended);
  EXPECT_EQ(worker_->stats().refused_requests, 1u);
}

/// Refusals are small, many, and unread: they must not pile up.
TEST_F(Http2Floods, RefusalsThatNobodyReads) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int small = 2048;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
  const auto address = loopback(listener_address(kService), port_);
  ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  Peer& raw = *clients_.emplace_back(std::make_unique<Peer>(std::move(socket)));
  raw.stall(true);
  raw.send(begin());
  uint32_t id = 1;
  for (; id < 2000000 && worker_->stats().http2_failures == 0; id += 2) {
    raw.send(requestOn(id, kEndHeaders));
    if (id % 4096 == 1) turn();
  }
  EXPECT_EQ(worker_->stats().http2_failures, 1u) << "endless";
  EXPECT_EQ(worker_->stats().open_connections, 0u);
}

/// Windows of zero hold back the server, whose connection serves others.
TEST_F(Http2Floods, ClosedWindowsHoldNoMoreThanBuffers) {
  Peer& raw = connect();
  raw.send(kPreface + frame(kSettings, 0, 0, number(4, 2) + number(0, 4)));
  for (uint32_t id = 1; id < 200; id += 2) raw.send(requestOn(id));
  auto& backend = server();
  ASSERT_TRUE(until([&] { return backend.messages().size() == 100; }));
  constexpr size_t kSize = 1 << 20;
  for (auto& [id, message] : backend.messages()) {
    backend.respond(id, {{":status", "200"}}, true);
    backend.send(id, std::string(kSize, 'x'));
  }
  settle();
  // Of each session the request, which may go out again, and what there is room for of the
  // response.
  EXPECT_LE(worker_->stats().lent_buffers, 202u);
  for (const auto& [id, message] : backend.messages())
    EXPECT_EQ(nghttp2_session_get_stream_remote_window_size(backend.session(), id), 0);
  EXPECT_LT(raw.received().size(), size_t{64} * 1024);
}

}  // namespace
}  // namespace sluice::proxy::test
