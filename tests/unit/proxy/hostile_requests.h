// SPDX-License-Identifier: Apache-2.0
// What clients send who want a server to see a request that nobody has checked: what becomes of it,
// whichever server is behind the proxy.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::proxy::test {

struct HostileRequest {
  std::string sent;
  std::vector<std::string> seen;  ///< the requests that a server gets, each as it gets it
  std::string refusal;            ///< status with which the rest is refused; empty: it is not
};

using HostileRequests = std::vector<HostileRequest>;

inline HostileRequest refused(std::string status, std::string sent) {
  return {std::move(sent), {}, std::move(status)};
}
inline HostileRequest passed(const std::string& sent) { return {sent, {sent}, {}}; }
inline HostileRequest passedAs(std::string sent, std::string seen) {
  return {std::move(sent), {std::move(seen)}, {}};
}
/// A POST with these field lines, each with its end, and what follows the head.
inline std::string post(std::string_view fields, std::string_view rest) {
  return std::string("POST /p HTTP/1.1\r\nHost: a\r\n").append(fields).append("\r\n").append(rest);
}
inline std::string getOf(std::string_view target) {
  return std::string("GET ").append(target).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
}
inline std::string getWith(std::string_view fields) {
  return std::string("GET / HTTP/1.1\r\nHost: a\r\n").append(fields).append("\r\n");
}
inline std::string getAt(std::string_view host) {
  return std::string("GET / HTTP/1.1\r\nHost: ").append(host).append("\r\n\r\n");
}
inline std::string chunked(std::string_view body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

/// The statuses of answers, one after the other, whose bodies have nothing that looks like one.
inline std::vector<std::string> statusesIn(std::string_view bytes) {
  constexpr std::string_view kStart = "HTTP/1.1 ";
  std::vector<std::string> statuses;
  for (size_t at = bytes.find(kStart); at != bytes.npos; at = bytes.find(kStart, at + 1))
    statuses.emplace_back(bytes.substr(at + kStart.size(), 3));
  return statuses;
}

/// Where a body ends, said twice or in a way that two readers take differently.
inline HostileRequests hostileFramings() {
  using namespace std::string_literals;
  const std::string inner = "GET /inner HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string last = "0\r\n\r\n";
  HostileRequests all{
      passed(post("Content-Length: " + std::to_string(inner.size()) + "\r\n", inner)),
      passed(post("Content-Length:  05 \r\n", "hello")),
      passed(post("Transfer-Encoding:\tCHUNKED\t\r\n", last)),
      passed(post("X-Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", last)),
      {chunked(last) + inner, {chunked(last), inner}, {}},
      passedAs("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"),
      refused("400", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + last)};
  for (const auto* fields : {"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
                             "content-LENGTH: 6\r\nTRANSFER-encoding: Chunked\r\n",
                             "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
                             "Content-Length: 5\r\nContent-Length: 5\r\n",
                             "Content-Length: 5\r\nContent-Length: 6\r\n",
                             "Content-Length: 0\r\nX: y\r\ncontent-length: 5\r\n",
                             "Content-Length: +5\r\n",
                             "Content-Length: -5\r\n",
                             "Content-Length: 5 5\r\n",
                             "Content-Length: 5, 5\r\n",
                             "Content-Length: 5,6\r\n",
                             "Content-Length: 0x5\r\n",
                             "Content-Length: 5;a\r\n",
                             "Content-Length: 5.0\r\n",
                             "Content-Length: 1e1\r\n",
                             "Content-Length: \r\n",
                             "Content-Length: 5\v\r\n",
                             "Content-Length: \xd9\xa5\r\n",
                             "Content-Length: 0000000000000000005\r\n",
                             "Content-Length: 18446744073709551621\r\n",
                             "Content-Length:\r\n 5\r\n",
                             "Content-Length : 5\r\n",
                             "Content_Length: 5\r\n",
                             "CONTENT_LENGTH: 5\r\nContent-Length: 5\r\n",
                             "Transfer_Encoding: chunked\r\n",
                             "Transfer-Encoding:\r\n chunked\r\n",
                             "Transfer-Encoding: chunked\r\n , identity\r\n",
                             "Transfer-Encoding : chunked\r\n",
                             "Transfer-Encoding\t: chunked\r\n",
                             "Transfer Encoding: chunked\r\n",
                             "Transfer-Encoding\x80: chunked\r\n",
                             "Transfer-Encoding: \vchunked\r\n",
                             "Transfer-Encoding: chunked\f\r\n",
                             "X: y\nTransfer-Encoding: chunked\r\n",
                             "X: y\rTransfer-Encoding: chunked\r\n",
                             "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n",
                             "Connection: keep-alive, content-LENGTH\r\nContent-Length: 5\r\n",
                             "Connection: host\r\n"})
    all.push_back(refused("400", post(fields, last)));
  for (const auto* value :
       {"chunked, identity", "identity, chunked", "identity", "xchunked", "chunkedx", "chunk",
        "\"chunked\"", "chunked;q=1", "chunked,", ",chunked", "gzip, chunked", "chunked, chunked",
        "", "chunked\xa0", "chunked\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: identity", "identity\r\nTransfer-Encoding: chunked"})
    all.push_back(refused("501", post("Transfer-Encoding: "s + value + "\r\n", last)));
  all.push_back(refused("400", post("Transfer-Encoding: chunked\0\r\n"s, last)));
  all.push_back(refused("400", post("Transfer\0Encoding: chunked\r\n"s, last)));
  return all;
}

inline HostileRequests hostileChunks() {
  using namespace std::string_literals;
  HostileRequests all;
  for (const auto* body : {"5;a\r\nhello\r\n0\r\n\r\n", "5;a=\"x;\\\"\t\"\r\nhello\r\n0;b\r\n\r\n",
                           "5;a=0\r\n0\r\n\r\n\r\n0\r\n\r\n", "A\r\n0123456789\r\n00\r\n\r\n",
                           "0\r\nX-Sum: 1\r\nY:\r\n\r\n", "0\r\nX-Content-Length: 5\r\n\r\n"})
    all.push_back(passed(chunked(body)));
  for (const auto* size : {"5 ",
                           " 5",
                           "+5",
                           "-5",
                           "0x5",
                           "5\t",
                           "5\v",
                           "5,",
                           "5;",
                           "5;;a",
                           "5; a",
                           "5;a ",
                           "5;a=",
                           "5;a=b c",
                           "5;a=\"b",
                           "5;a=\"b\"c",
                           "5;a=\"\n\"",
                           "5;a=\"\\\n\"",
                           "5;\x80",
                           "5;a\nb",
                           "5\n",
                           "5\r",
                           "5;a\r",
                           "5;a\n",
                           "",
                           "g",
                           "0000000000000005",
                           "fffffffffffffffff",
                           "10000000000000005"})
    all.push_back(refused("400", chunked(size + "\r\nhello\r\n0\r\n\r\n"s)));
  for (const auto* body :
       {"5\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0\r\n\r\n", "0\n\n", "0\r\n\n", "0\r\n\rX"})
    all.push_back(refused("400", chunked(body)));
  for (const auto* trailer : {"Content-Length: 5",
                              "content-length: 5",
                              "Content_Length: 5",
                              "Transfer-Encoding: chunked",
                              "transfer_encoding: chunked",
                              "Host: b",
                              "Connection: close",
                              "TE: trailers",
                              "Upgrade: x",
                              "Authorization: x",
                              "Set-Cookie: x",
                              "Expect: 100-continue",
                              "No Token: x",
                              "Space : x",
                              ": x",
                              "nothing",
                              " folded",
                              "X: y\n",
                              "X: \x01",
                              "X\x80: y"})
    all.push_back(refused("400", chunked("0\r\n"s + trailer + "\r\n\r\n")));
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "1;extension=x\r\na\r\n";
  all.push_back(refused("400", chunked("5;a=\"" + std::string(17000, 'x') + "\"\r\nhello\r\n")));
  all.push_back(refused("400", chunked(many + "0\r\n\r\n")));
  all.push_back(refused("400", chunked("0\r\nX: " + std::string(17000, 'x') + "\r\n\r\n")));
  return all;
}

/// Where lines and names end.
inline HostileRequests hostileLines() {
  using namespace std::string_literals;
  HostileRequests all{passedAs("\r\n" + getOf("/"), getOf("/")),
                      passed(getWith("X:\t y \r\nX:\r\n_: 1\r\nX-Odd_Name.~: \xc3\xa9\r\n"))};
  for (const auto& sent :
       {"GET / HTTP/1.1\nHost: a\n\n"s, "GET / HTTP/1.1\r\nHost: a\n\r\n"s,
        "GET / HTTP/1.1\nHost: a\r\n\r\n"s, "GET / HTTP/1.1\r\nHost: a\r\n\n"s,
        "GET / HTTP/1.1\rHost: a\r\r\n\r\n"s, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"s,
        "\n" + getOf("/"), "\r\n\r\n" + getOf("/"), " " + getOf("/"), "\t" + getOf("/"),
        "\0"s + getOf("/")})
    all.push_back(refused("400", sent));
  for (const auto& field :
       {"X: a\nb"s, "X: a\rb"s, "X: a\r\n b"s, "X: a\r\n\tb"s, "X : a"s, "X\t: a"s, ": a"s, "X"s,
        "X a: b"s, "X\x80: a"s, "\"X\": a"s, "X(: a"s, "X\x01: a"s, "X: \x01"s, "X: \x7f"s,
        "X: \0"s, "X\0: a"s, "\xef\xbb\xbfX: a"s})
    all.push_back(refused("400", getWith(field + "\r\n")));
  all.push_back(refused("400", "GET / HTTP/1.1\r\n Host: b\r\nHost: a\r\n\r\n"));
  std::string hundred;
  for (int i = 0; i < 99; ++i) hundred += "X: y\r\n";
  all.push_back(passed(getWith(hundred)));
  all.push_back(refused("431", getWith(hundred + "X: y\r\n")));
  all.push_back(refused("431", getWith("X: " + std::string(size_t{64} * 1024, 'x') + "\r\n")));
  return all;
}

inline HostileRequests hostileTargets() {
  HostileRequests all{
      passedAs("GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x HTTP/1.1\r\nHost: b\r\n\r\n"),
      passedAs("GET HTTP://b:81/?x HTTP/1.1\r\nHost: a\r\n\r\n",
               "GET /?x HTTP/1.1\r\nHost: b:81\r\n\r\n"),
      passedAs("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n",
               "OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n"),
      passed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
      refused("400", "GET http://b/ HTTP/1.1\r\n\r\n"),
      refused("400", "GET http://b/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
      refused("400", "GET http://b/ HTTP/1.1\r\nHost: a, b\r\n\r\n"),
      refused("501", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"),
      refused("501", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"),
      refused("400", "GET /\r\n\r\n"),
      refused("400", "GET / http/1.1\r\nHost: a\r\n\r\n"),
      refused("400", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
      refused("400", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
      refused("505", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
      refused("505", "GET / HTTP/01.1\r\nHost: a\r\n\r\n"),
      refused("505", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
      refused("505", "GET / HTTP/0.9\r\nHost: a\r\n\r\n")};
  for (const auto* target : {"//b/x", "/..//./a", "/%0d%0aX:%20y", "/\\\\b", "/\xc3\xa9", "/a|b",
                             "/http://b/", "/?Host:%20b"})
    all.push_back(passed(getOf(target)));
  for (const auto* target : {"x",
                             "*",
                             "?x",
                             "#",
                             "/#f",
                             "/a\tb",
                             "/a b",
                             " /",
                             "/\x01",
                             "/\x7f",
                             "/\va",
                             "/a\rb",
                             "https://b/",
                             "ftp://b/",
                             "http:///x",
                             "http://b?x",
                             "http://u@b/",
                             "http://u:p@b/",
                             "http://b:x/",
                             "http://b:1:2/",
                             "http:b/",
                             "http:/b/",
                             "http://b\\c/",
                             "http://[::1/",
                             "http://[::1]b/"})
    all.push_back(refused("400", getOf(target)));
  for (const auto* method : {"get", "G-T", "X!"})
    all.push_back(passed(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n"));
  for (const auto* method :
       {"GE\x01", "G\x80T", "GET,", "(GET)", "G:T", "GET\v", "GET\t", "\"GET\"", "PRI"})
    all.push_back(refused("400", std::string(method) + " * HTTP/1.1\r\nHost: a\r\n\r\n"));
  return all;
}

inline HostileRequests hostileHosts() {
  HostileRequests all{passed("GET / HTTP/1.1\r\nhOST: a\r\nX-Forwarded-Host: b\r\n\r\n"),
                      refused("400", "GET / HTTP/1.1\r\n\r\n"),
                      refused("400", "GET / HTTP/1.1\r\nHost : a\r\nHost: a\r\n\r\n"),
                      refused("400", "GET / HTTP/1.1\r\nX: y\r\n\r\n")};
  for (const auto* host : {"a:", "a:80", "[::1]", "[::1]:80", "A.b-c_d~", "a%41", "a:99999"})
    all.push_back(passed(getAt(host)));
  for (const auto* host :
       {"",       "a\r\nHost: a", "a\r\nhost: b", "a, b", "a,b",  "a b",   "u@a",  "a:80:90", "a:x",
        "a:+1",   "a/b",          "a?b",          "a#b",  "a\\b", "\"a\"", "[::1", "::1",     ":80",
        "[::1]x", "[::1]:80:80",  "a[b]",         "a]",   "[]",   "\x80",  "a\x01"})
    all.push_back(refused("400", getAt(host)));
  return all;
}

/// What speaks of the connection, and what follows on it.
inline HostileRequests hostileConnections() {
  const std::string one = getOf("/1");
  const std::string two = getOf("/2");
  const std::string three = getOf("/3");
  HostileRequests all{
      {one + two, {one, two}, {}},
      {one + "no request\r\n\r\n" + three, {one}, "400"},
      {chunked("5\r\nhello\r\n0\r\n\r\n") + "0\r\n\r\n" + three,
       {chunked("5\r\nhello\r\n0\r\n\r\n")},
       "400"},
      {post("Content-Length: 4\r\n", "hello") + three,
       {post("Content-Length: 4\r\n", "hell"), "o" + three},
       {}},
      {"no request\r\n\r\n" + one, {}, "400"},
      {post("Content-Length: x\r\n", "") + one, {}, "400"},
      {one + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {one}, "400"},
      // A client that says that it closes has said its last word.
      {getWith("Connection: close\r\n") + two, {getWith("")}, {}},
      {"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n" + two, {getWith("")}, {}},
      passedAs(getWith("Connection: X-Secret, , close\r\nx-secret: 1\r\nKeep-Alive: 1\r\n"),
               getWith("")),
      passedAs(getWith("Proxy-Connection: keep-alive\r\nTE: chunked\r\n"), getWith("")),
      passedAs(getWith("TE: trailers\r\nConnection: TE\r\n"),
               getWith("TE: trailers\r\nConnection: TE\r\n")),
      refused("400", getWith("Connection: a b\r\n")),
      refused("400", getWith("Connection: \"close\"\r\n"))};
  for (const auto* fields :
       {"Upgrade: h2c\r\nHTTP2-Settings: AA\r\nConnection: Upgrade, HTTP2-Settings\r\n",
        "Connection: upgrade\r\nUpgrade: websocket, H2C\r\n", "Upgrade: h2c\r\n",
        "Upgrade: websocket\r\n", "HTTP2-Settings: AA\r\n"})
    all.push_back({getWith(fields) + two, {getWith(""), two}, {}});
  // Answered with 200: there is no tunnel, and what follows is a request like any other.
  const std::string upgrade = getWith("Upgrade: websocket\r\nConnection: upgrade\r\n");
  all.push_back({upgrade + two, {upgrade, two}, {}});
  all.push_back({upgrade + "no request\r\n\r\n", {upgrade}, "400"});
  return all;
}

/// Each list, for tests that take them one by one.
inline auto hostileLists() {
  return testing::Values(hostileFramings(), hostileChunks(), hostileLines(), hostileTargets(),
                         hostileHosts(), hostileConnections());
}
inline std::string nameOfList(const testing::TestParamInfo<HostileRequests>& info) {
  constexpr const char* kNames[] = {"Framings", "Chunks", "Lines",
                                    "Targets",  "Hosts",  "Connections"};
  return kNames[info.index];
}

}  // namespace sluice::proxy::test
