// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/torture/client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "tests/support/http_client.h"

namespace sluice::test::torture {
namespace {

constexpr size_t kMostHeld = 4;

Error mustNotBe(std::string what) { return {Error::Code::kInvalid, std::move(what)}; }

/// Sends while it receives, closes its half, and reads to the end.
Result<void> sendAndReceive(HttpStream& stream, std::string_view bytes, std::string& got) {
  while (true) {
    pollfd ready{stream.fd(), static_cast<short>(bytes.empty() ? POLLIN : POLLIN | POLLOUT), 0};
    if (::poll(&ready, 1, kPatienceSeconds * 1000) != 1)
      return mustNotBe(
          fmt::format("hangs with {} bytes to send, {} received", bytes.size(), got.size()));
    if ((ready.revents & POLLOUT) != 0) {
      const auto n = ::send(ready.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno != EAGAIN) return Error::system("send");
      bytes.remove_prefix(n < 0 ? 0 : static_cast<size_t>(n));
      if (bytes.empty()) ::shutdown(ready.fd, SHUT_WR);
    }
    if ((ready.revents & ~POLLOUT) == 0) continue;
    auto some = stream.readSome();
    if (!some) return std::move(some).error();
    if (some->empty()) return {};
    got += *some;
  }
}

}  // namespace

struct Client::Request {
  bool beta = false;
  bool by_connection = false;  ///< asks the server to close
  std::string method = "GET", target, body;
  bool chunked = false;
  std::string expected;  ///< the whole body of the answer; of `/slow`, a part of it

  std::string wire() const {
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: mill\r\n";
    if (beta) text += "user-group: beta\r\n";
    if (by_connection) text += "Connection: close\r\n";
    if (chunked) return text + "Transfer-Encoding: chunked\r\n\r\n" + test::chunked(body, 3000);
    if (method == "POST") text += fmt::format("Content-Length: {}\r\n", body.size());
    return text + "\r\n" + body;
  }
};

Result<void> Client::run() {
  while (!timeline_.stop && !timeline_.failed) {
    ++step_;
    if (auto done = step(); !done.ok())
      return Error(done.error()).in(fmt::format("step {}", step_));
  }
  held_.clear();
  return {};
}

Result<void> Client::step() {
  const uint64_t draw = upTo(99);
  if (draw < 60) return useHeld();
  if (draw < 80) return shortConnection();
  if (draw < 85) return halfClosed();
  if (draw < 90) return aborted();
  return transfer();
}

/// A request on one of the connections that stay open for long.
Result<void> Client::useHeld() {
  if (held_.size() < kMostHeld) {
    auto opened = connect(false);
    if (!opened) return std::move(opened).error();
    if (!*opened) return {};
    held_.push_back(**std::move(opened));
  }
  const auto chosen = held_.begin() + static_cast<ptrdiff_t>(upTo(held_.size() - 1));
  const auto usable = exchange(*chosen);
  if (!usable) return usable.error();
  if (!*usable || upTo(99) == 0) held_.erase(chosen);
  return {};
}

Result<void> Client::shortConnection() {
  auto opened = connect(false);
  if (!opened) return std::move(opened).error();
  if (!*opened) return {};
  for (uint64_t more = upTo(2);; --more) {
    const auto usable = exchange(**opened);
    if (!usable) return usable.error();
    if (!*usable || more == 0) break;
  }
  if (upTo(1) == 0) resetAndClose(**std::move(opened));
  return {};
}

/// Says that there will be no more requests before it has read the answer to the last one.
Result<void> Client::halfClosed() {
  auto opened = connect(false);
  if (!opened) return std::move(opened).error();
  if (!*opened) return {};
  const auto usable = exchange(**opened, true);
  if (!usable) return usable.error();
  return {};
}

/// Goes away in the middle of a request, or of its answer.
Result<void> Client::aborted() {
  auto opened = connect(false);
  if (!opened) return std::move(opened).error();
  if (!*opened) return {};
  auto& connection = **opened;
  const std::string wire = anyRequest().wire();
  const size_t part = 1 + upTo(wire.size() - 1);
  if (auto sent = connection.stream.write(std::string_view(wire).substr(0, part)); !sent.ok()) {
    if (auto excused = broken(connection, sent.error()); !excused) return excused.error();
    return {};
  }
  if (part == wire.size() && upTo(1) == 0) {
    if (auto some = connection.stream.readSome(); !some)
      if (auto excused = broken(connection, some.error()); !excused) return excused.error();
  }
  ++tally_["aborts"];
  if (upTo(1) == 0) resetAndClose(*std::move(*opened));
  return {};
}

/// Raw TCP: the server says who it is and sends back what comes.
Result<void> Client::transfer() {
  auto opened = connect(true);
  if (!opened) return std::move(opened).error();
  if (!*opened) return {};
  auto& connection = **opened;
  // Not none: with fast open the first bytes make the connection.
  const size_t size = 1 + (upTo(9) == 0 ? upTo(4 << 20) : upTo(100'000));
  const size_t offset = random_.draw() >> 20;
  const std::string sent = patternBytes(offset, size);
  std::string got;
  if (auto done = sendAndReceive(connection.stream, sent, got); !done.ok())
    return cutShort(connection, got, done.error());
  const size_t greeting = got.find('\n');
  if (greeting == std::string::npos || got.substr(greeting + 1) != sent)
    return wrong(connection, fmt::format("TCP: {} bytes of pattern {} came back as {} others", size,
                                         offset, got.size()));
  const std::string server = got.substr(0, greeting);
  Answers allowed = 0;
  timeline_.forWorlds(connection.opened, [&](const World& world) { allowed |= world.ofTcp(); });
  if ((allowed & answerOf(server)) == 0)
    return wrong(connection, "TCP of " + server + " instead of " + text(allowed));
  ++tally_["transfers"];
  tally_["bytes"] += size;
  return {};
}

/// Nothing that happens to Sluice may end raw TCP, only that of its pod.
Result<void> Client::cutShort(const Connection& connection, const std::string& got,
                              const Error& error) {
  const Answers server = answerOf(got.substr(0, got.find('\n')));
  const bool excused = mayHaveGone({connection.opened.from, nowNs()}, server);
  if (!excused || error.errnum() != ECONNABORTED)
    return wrong(connection, fmt::format("TCP of {}: {}", text(server), error.message()));
  ++tally_["resets"];
  return {};
}

bool Client::mayHaveGone(const Span& span, Answers server) const {
  bool gone = false;
  timeline_.forWorlds(span, [&](const World& world) {
    gone = gone || (world.gone & (server == 0 ? kEveryServer : server)) != 0;
  });
  return gone;
}

Result<std::optional<Connection>> Client::connect(bool tcp) {
  const SocketKind kind = SocketKind::any(random_);
  Span span{nowNs(), 0};
  auto opened = open(kind, tcp ? tcpAddress(kind.callsV6()) : httpAddress(kind.callsV6()));
  span.to = nowNs();
  if (!opened) return refusal(tcp, span, opened.error());
  ++tally_[opened->path == Path::kProxy ? "connections to the proxy" : "connections to servers"];
  if (tcp && opened->path == Path::kProxy) return wrong(*opened, "TCP went to the proxy");
  if (!tcp) SLUICE_TRY(checkPath(*opened));
  return std::optional(*std::move(opened));
}

Result<std::optional<Connection>> Client::refusal(bool tcp, const Span& span, const Error& error) {
  bool excused = !tcp && timeline_.excusesRefusal(span);
  timeline_.forWorlds(span, [&](const World& world) {
    const Answers answers = tcp ? world.ofTcp() : world.ofConnect();
    excused = excused || (answers & kNobody) != 0;
  });
  // A connection that was on its way to the proxy when it died.
  excused = excused || (!tcp && timeline_.excusesBreak(span));
  const bool refused = error.errnum() == ECONNREFUSED || error.errnum() == ECONNRESET;
  const bool aborted = error.errnum() == ECONNABORTED && mayHaveGone(span, 0);
  if (!aborted && (!refused || !excused))
    return mustNotBe(fmt::format("{} connect(), {:.3f} s long: {}\n{}", tcp ? "TCP" : "HTTP",
                                 static_cast<double>(span.to - span.from) / 1e9, error.message(),
                                 timeline_.story(span.to)));
  ++tally_["refusals"];
  // What nobody serves is not asked for all the time.
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return std::optional<Connection>();
}

Result<void> Client::checkPath(const Connection& connection) {
  bool allowed = false;
  timeline_.forWorlds(connection.opened, [&](const World& world) {
    allowed = allowed || world.allows(connection.path);
  });
  if (!allowed) return wrong(connection, "no rule sends connections this way");
  return {};
}

Client::Request Client::anyRequest() {
  Request request;
  request.beta = upTo(1) == 0;
  request.by_connection = upTo(19) == 0;
  const size_t size = upTo(19) == 0 ? upTo(2 << 20) : upTo(5000);
  const size_t offset = random_.draw() >> 20;
  const uint64_t kind = upTo(9);
  if (kind == 0) {
    request.target = fmt::format("/slow?ms={}&token={}", upTo(300), offset);
    request.expected = fmt::format("\"path\":\"{}\"", request.target);
    return request;
  }
  request.expected = patternBytes(offset, size);
  if (kind < 5) {
    request.target = fmt::format("/bytes?n={}&from={}&chunked={}", size, offset, upTo(1));
    return request;
  }
  request.method = "POST";
  request.target = "/echo";
  request.body = request.expected;
  request.chunked = upTo(2) == 0;
  return request;
}

Result<bool> Client::exchange(Connection& connection, bool last) {
  const Request request = anyRequest();
  Span span{nowNs(), 0};
  if (auto sent = connection.stream.write(request.wire()); !sent.ok())
    return broken(connection, sent.error());
  // With fast open these are the first bytes, with which it comes to somebody.
  if (connection.kind.fast_open && connection.used == 0 && connection.path == Path::kProxy)
    connection.opened.to = nowNs();
  if (last) ::shutdown(connection.stream.fd(), SHUT_WR);
  const auto usable = check(connection, request, span);
  if (!usable || !*usable || !last) return usable;
  const auto end = connection.stream.readToEnd();
  if (!end) return broken(connection, end.error());
  if (!end->empty()) return wrong(connection, "more bytes than the answer: " + end->substr(0, 80));
  return true;
}

Result<bool> Client::check(Connection& connection, const Request& request, const Span& begun) {
  const auto head = connection.stream.readHead();
  if (!head) return broken(connection, head.error());
  if (!*head) return broken(connection, mustNotBe("closed instead of an answer"));
  const auto body = connection.stream.readBody(**head);
  if (!body) return broken(connection, body.error());
  const Span span{begun.from, nowNs()};
  connection.used = span.to;
  ++tally_["requests"];
  tally_["bytes"] += body->size() + request.body.size();
  const std::string& status = (*head)->start[1];
  const bool nobody = status == "503" && connection.path == Path::kProxy;
  if (!nobody && status != "200")
    return wrong(connection, fmt::format("{} {}: {} {}", request.method, request.target, status,
                                         body->substr(0, 200)));
  const std::string server((*head)->header("x-served-by"));
  auto right = checkServer(connection, nobody ? kNobody : answerOf(server), request.beta, span);
  // Seen once: a request that ran while sluiced stopped was answered "connection failure".
  if (!right.ok() && nobody && timeline_.excusesRefusal(span)) {
    ++tally_["503 while it stops"];
    return false;
  }
  if (!right.ok())
    return std::move(right).error().in(
        fmt::format("{} {}, {:.3f} s: {}", request.method, request.target,
                    static_cast<double>(span.to - span.from) / 1e9, body->substr(0, 99)));
  // The proxy closes, for one, what it has answered before it has read all of the request.
  const bool closes = request.by_connection || (*head)->header("connection") == "close";
  if (nobody) return !closes;
  const bool whole = request.target.starts_with("/slow")
                         ? body->find(request.expected) != std::string::npos
                         : *body == request.expected;
  if (!whole)
    return wrong(connection,
                 fmt::format("{} {}: {} bytes are not the {} that were expected", request.method,
                             request.target, body->size(), request.expected.size()));
  return !closes;
}

Result<void> Client::checkServer(Connection& connection, Answers server, bool beta,
                                 const Span& span) {
  const bool by_kernel = connection.path == Path::kConnect;
  Answers allowed = 0;
  const auto allow = [&](const World& world) {
    allowed |= by_kernel ? world.ofConnect() : world.ofProxy({beta});
  };
  timeline_.forWorlds(by_kernel ? connection.opened : span, allow);
  if (!by_kernel)
    for (const auto& handover : timeline_.handovers(connection.opened)) {
      timeline_.forWorlds(handover, allow);
      // Its rules may lead to nobody but pods that have ended since.
      if (mayHaveGone({handover.from, span.to}, 0)) allowed |= kNobody;
    }
  if (by_kernel && connection.server != 0 && server != connection.server)
    return wrong(connection, "answered by " + text(server));
  if (by_kernel) connection.server = server;
  if ((allowed & server) != 0) return {};
  return wrong(connection, fmt::format("{} answers{}, allowed is {}", text(server),
                                       beta ? " beta" : "", text(allowed)));
}

/// Of an HTTP connection: false when it may have ended.
Result<bool> Client::broken(const Connection& connection, const Error& error) {
  const Span span{connection.opened.from, nowNs()};
  // Idle ones are closed by an agent that has given its place away, and where their destination
  // has left the route.
  const bool excused =
      connection.path == Path::kProxy
          ? timeline_.excusesBreak(span) ||
                (wasIdle(connection) && !timeline_.handovers(connection.opened).empty())
          : mayHaveGone(span, connection.server) ||
                (wasIdle(connection) && mayHaveLeft(span, connection.server));
  if (hung(error) || !excused) return wrong(connection, error.message());
  ++tally_[connection.path == Path::kProxy ? "broken" : "resets"];
  return false;
}

/// For 20 s, as both see it.
bool Client::wasIdle(const Connection& connection) {
  constexpr uint64_t kIdle = 19'000'000'000;
  return nowNs() - std::max(connection.used, connection.opened.from) > kIdle;
}

bool Client::mayHaveLeft(const Span& span, Answers server) const {
  bool left = false;
  timeline_.forWorlds(
      span, [&](const World& world) { left = left || (world.ofConnect() & server) == 0; });
  return left;
}

Error Client::wrong(const Connection& connection, const std::string& what) const {
  return mustNotBe(fmt::format("{}: {}\n{}", connection.text(), what, timeline_.story(nowNs())));
}

}  // namespace sluice::test::torture
