// SPDX-License-Identifier: Apache-2.0
// What goes through TLS: bodies and their ends, HTTP/2, connections without HTTP.
#include "tests/unit/proxy/tls_fixture.h"

namespace sluice::proxy::test {
namespace {

const std::string kRequest = "GET / HTTP/1.1\r\nHost: server.example\r\n\r\n";

std::string block(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

class TlsStreams : public TlsTest {
 protected:
  TlsStreams() { serve(); }

  /// The server's end of the first connection, once the request's head is there.
  Peer& requested() {
    request();
    return servers_[0]->connection(0);
  }
};

TEST_F(TlsStreams, LargeBodiesBothWaysAgainstSlowReaders) {
  encrypt("server");
  route(simple());
  const std::string body = block(3 << 20);
  const std::string head =
      "POST / HTTP/1.1\r\nHost: server.example\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n";
  Peer& client = connect();
  client.send(head + body);
  Peer& server = requested();
  server.stall(true);
  settle();
  server.stall(false);
  ASSERT_TRUE(until([&] { return server.received().size() == head.size() + body.size(); }));
  EXPECT_EQ(server.received(), head + body);
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  client.stall(true);
  server.send(answer);
  settle();
  client.stall(false);
  EXPECT_TRUE(receives(client, answer));
}

TEST_F(TlsStreams, ABodyWithoutLengthEndsWithCloseNotify) {
  encrypt("server");
  route(simple());
  Peer& client = connect();
  client.send(kRequest);
  Peer& server = requested();
  server.send("HTTP/1.1 200 OK\r\n\r\nall of it");
  server.finish();
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_FALSE(client.wasReset());
  EXPECT_THAT(client.received(), testing::EndsWith("\r\n\r\nall of it"));
  EXPECT_EQ(worker_->stats().tls_truncated, 0u);
}

/// Anybody on the way can end a connection: without close_notify what came is not the whole.
TEST_F(TlsStreams, ABodyWithoutLengthIsNotWholeWithoutCloseNotify) {
  encrypt("server");
  route(simple());
  Peer& client = connect();
  client.send(kRequest);
  Peer& server = requested();
  server.send("HTTP/1.1 200 OK\r\n\r\nhalf");
  ASSERT_TRUE(until([&] { return client.received().ends_with("half"); }));
  server.reset();
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_TRUE(client.wasReset());
  EXPECT_EQ(log_.entries.at(0).flags, "UC");
  EXPECT_THAT(log_.entries.at(0).transport_failure, testing::StartsWith("truncated: "));
  EXPECT_EQ(worker_->stats().tls_truncated, 1u);
}

TEST_F(TlsStreams, AServerThatGoesWithoutAnAnswer) {
  encrypt("server");
  route(simple());
  Peer& client = connect();
  client.send("POST / HTTP/1.1\r\nHost: server.example\r\nContent-Length: 2\r\n\r\nhi");
  Peer& server = requested();
  server.reset();
  EXPECT_TRUE(until([&] { return client.received().starts_with("HTTP/1.1 503"); }));
  EXPECT_EQ(log_.entries.at(0).flags, "UC");
}

TEST_F(TlsStreams, AKeptConnectionThatTheServerClosesIsForgotten) {
  encrypt("server");
  route(simple());
  Peer& client = connect();
  client.send(kRequest);
  requested().send(kOk);
  ASSERT_TRUE(receives(client, kOk));
  ASSERT_EQ(worker_->stats().idle_upstreams, 1u);
  servers_[0]->connection(0).finish();
  EXPECT_TRUE(until([&] { return worker_->stats().idle_upstreams == 0; }));
  client.received().clear();
  client.send(kRequest);
  request(1);
  servers_[0]->connection(1).send(kOk);
  EXPECT_TRUE(receives(client, kOk));
}

TEST_F(TlsStreams, UpgradedConnections) {
  encrypt("server");
  route(simple());
  Peer& client = connect();
  client.send(
      "GET / HTTP/1.1\r\nHost: server.example\r\nConnection: upgrade\r\n"
      "Upgrade: chat\r\n\r\n");
  Peer& server = requested();
  server.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n");
  ASSERT_TRUE(until([&] { return client.received().ends_with("\r\n\r\n"); }));
  server.received().clear();
  client.send("ping");
  ASSERT_TRUE(until([&] { return server.received() == "ping"; }));
  server.send("pong");
  EXPECT_TRUE(until([&] { return client.received().ends_with("pong"); }));
}

TEST_F(TlsStreams, Http2) {
  encrypt("server", {"--alpn", "h2,http/1.1"});
  route(simple(), [](ProxyRule& rule) { rule.destinations[0].version = UpstreamVersion::kHttp2; });
  Http2Peer& client = this->client();
  const std::string body = block(1 << 20);
  const auto id = client.request(
      {{":method", "GET"}, {":scheme", "http"}, {":authority", "server.example"}, {":path", "/"}});
  Http2Peer& server = this->server();
  const auto asked = requestAt(server);
  EXPECT_EQ(handshake()["alpn"], "h2");
  EXPECT_EQ(server.message(asked).get(":authority"), "server.example");
  server.respond(asked, {{":status", "200"}}, true);
  server.send(asked, body);
  server.finish(asked, {{"grpc-status", "0"}});
  ASSERT_TRUE(until([&] { return client.message(id).closed; }));
  EXPECT_EQ(client.message(id).body, body);
  EXPECT_EQ(client.message(id).trailers.size(), 1u);
  const auto second = client.get("/");
  ASSERT_TRUE(inTime([&] { return client.message(second).closed; }));
  EXPECT_EQ(client.message(second).get(":status"), "503") << "Host a is another name";
}

TEST_F(TlsStreams, Http2RefusedForWantOfACertificate) {
  encrypt("server", {"--alpn", "h2", "--client-ca", files_->certificate("ca")});
  route(simple(), [](ProxyRule& rule) { rule.destinations[0].version = UpstreamVersion::kHttp2; });
  Http2Peer& client = this->client();
  const auto id = client.request(
      {{":method", "GET"}, {":scheme", "http"}, {":authority", "server.example"}, {":path", "/"}});
  ASSERT_TRUE(inTime([&] { return client.message(id).ended; }));
  EXPECT_EQ(client.message(id).get(":status"), "503");
  EXPECT_GE(worker_->stats().tls_refused, 1u);
}

class TlsTunnels : public TlsStreams {
 protected:
  /// Through which both ends have said something.
  Peer& tunnel() {
    Peer& client = connect();
    client.send("hi");
    until([&] {
      return !servers_[0]->connections().empty() && servers_[0]->connection(0).received() == "hi";
    });
    require(!servers_[0]->connections().empty(), "no connection");
    servers_[0]->connection(0).send("ho");
    until([&] { return client.received() == "ho"; });
    return client;
  }
};

TEST_F(TlsTunnels, EachSideEndsWhenItLikes) {
  encrypt("server");
  routeTcp(simple());
  Peer& client = tunnel();
  EXPECT_TRUE(handshake()["sni"].is_null()) << "there is no request that names it";
  Peer& server = servers_[0]->connection(0);
  client.finish();
  ASSERT_TRUE(until([&] { return server.ended(); }));
  server.send("more");
  ASSERT_TRUE(until([&] { return client.received() == "homore"; }));
  server.finish();
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_FALSE(client.wasReset());
  EXPECT_TRUE(until([&] { return worker_->stats().open_connections == 0; }));
}

TEST_F(TlsTunnels, TheServerEndsFirst) {
  encrypt("server");
  routeTcp(simple());
  Peer& client = tunnel();
  Peer& server = servers_[0]->connection(0);
  server.send(" and that was it");
  server.finish();
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_FALSE(client.wasReset());
  EXPECT_EQ(client.received(), "ho and that was it");
  EXPECT_GT(worker_->stats().open_connections, 0u) << "the client may go on";
  client.finish();
  EXPECT_TRUE(until([&] { return worker_->stats().open_connections == 0; }));
}

TEST_F(TlsTunnels, WhatIsCutIsReset) {
  encrypt("server");
  routeTcp(simple());
  Peer& client = tunnel();
  servers_[0]->connection(0).reset();
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_TRUE(client.wasReset());
  EXPECT_EQ(log_.entries.at(0).flags, "UC");
}

TEST_F(TlsTunnels, AServerThatIsNotTrustedGetsNothing) {
  encrypt("server");
  ClientTlsSettings settings = simple();
  settings.ca_certificates = files_->certificate("other");
  routeTcp(settings);
  Peer& client = connect();
  client.send("secret");
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_EQ(log_.entries.at(0).flags.substr(0, 2), "UF");
  EXPECT_TRUE(servers_[0]->connections().empty());
}

TEST_F(TlsTunnels, AClientThatIsRefused) {
  encrypt("server", {"--client-ca", files_->certificate("ca")});
  routeTcp(simple());
  Peer& client = connect();
  client.send("hi");
  ASSERT_TRUE(until([&] { return client.over(); }));
  EXPECT_EQ(log_.entries.at(0).flags, "UF");
}

}  // namespace
}  // namespace sluice::proxy::test
