// SPDX-License-Identifier: Apache-2.0
// Requests that choose their endpoint themselves: consistentHash.
#include "tests/unit/proxy/worker_fixture.h"

namespace sluice::proxy::test {
namespace {

class WorkerHash : public WorkerTest {
 protected:
  /// Four servers, each of which says who it is.
  WorkerHash() {
    for (int i = 0; i < 4; ++i)
      serve([i](auto) {
        return "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + std::to_string(i) + "ok";
      });
  }

  void hashBy(const ConsistentHash& key) {
    TestRule rule;
    rule.destinations = {{1, {1, 2, 3, 4}}};
    rule.hash = key;
    rule.retries.emplace().attempts = 0;
    configure({rule});
  }

  static ConsistentHash cookie(std::optional<std::chrono::nanoseconds> ttl) {
    ConsistentHash key;
    key.http_cookie = HttpCookie{.name = "sid", .path = "/", .ttl = ttl, .attributes = {}};
    return key;
  }

  static std::string get(const std::string& field) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n";
  }

  /// Which server answers a request with that field, on a connection of its own.
  std::string answerer(const std::string& field) {
    const auto answer = answerTo(connect(), get(field));
    return answer.size() < 3 ? "" : answer.substr(answer.size() - 3, 1);
  }
};

TEST_F(WorkerHash, AHeaderDecides) {
  ConsistentHash key;
  key.http_header_name = "x-user";
  hashBy(key);
  std::set<std::string> homes;
  for (const char* user : {"ann", "bob", "cid", "dot", "eve", "fay", "gil", "hal", "ivy", "jon"}) {
    const auto home = answerer("x-user: " + std::string(user));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(answerer("x-user: " + std::string(user)), home);
    homes.insert(home);
  }
  EXPECT_GT(homes.size(), 1u);
}

TEST_F(WorkerHash, ACookieIsMadeAndLeadsBackToTheSameServer) {
  hashBy(cookie(1h));
  auto& client = connect();
  const auto first = answerTo(client, kGet);
  const auto at = first.find("set-cookie: sid=\"");
  ASSERT_NE(at, std::string::npos) << first;
  const auto line = first.substr(at + 12, first.find("\r\n", at) - at - 12);
  EXPECT_TRUE(line.ends_with("; Max-Age=3600; Path=/; HttpOnly")) << line;
  const auto pair = line.substr(0, line.find(';'));
  const auto again = answerTo(client, get("cookie: a=b; " + pair));
  EXPECT_EQ(again.find("set-cookie"), std::string::npos) << "it has one";
  EXPECT_EQ(again.substr(again.size() - 3), first.substr(first.size() - 3));
}

TEST_F(WorkerHash, WithoutATtlNoCookieIsMade) {
  hashBy(cookie(std::nullopt));
  std::set<std::string> homes;
  for (int i = 0; i < 40; ++i) {
    const auto answer = answerTo(connect(), kGet);
    EXPECT_EQ(answer.find("set-cookie"), std::string::npos);
    homes.insert(answer.substr(answer.size() - 3));
  }
  EXPECT_EQ(homes.size(), 4u) << "requests that say nothing go anywhere";
}

TEST_F(WorkerHash, AnAnswerOfTheProxyMakesNoCookie) {
  hashBy(cookie(1h));
  for (auto& server : servers_) server->stopListening();
  const auto answer = answerTo(connect(), kGet, "failure");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
  EXPECT_EQ(answer.find("set-cookie"), std::string::npos);
}

}  // namespace
}  // namespace sluice::proxy::test
