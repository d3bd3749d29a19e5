// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http_stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "tests/support/http_client.h"

namespace sluice::test {
namespace {

/// A stream whose other side has sent `bytes` and closed.
HttpStream streamOf(std::string_view bytes) {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  HttpStream sender{Fd(ends[0])};
  EXPECT_TRUE(sender.write(bytes).ok());
  return HttpStream(Fd(ends[1]));
}

TEST(HttpStream, ReadsHeadAndBodyOfTwoMessagesInOneSegment) {
  auto stream = streamOf(
      "HTTP/1.1 200 All good\r\nContent-Length: 3\r\nX-A:  b \r\n\r\nabc"
      "HTTP/1.1 204 No Content\r\n\r\n");
  auto first = stream.readHead();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->start[2], "All good");
  EXPECT_EQ((*first)->header("x-a"), "b");
  EXPECT_EQ(*stream.readBody(**first), "abc");
  auto second = stream.readHead();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->start[1], "204");
  auto end = stream.readHead();
  ASSERT_TRUE(end.ok());
  EXPECT_FALSE(end->has_value());
}

TEST(HttpStream, ReadsWhatChunkedWrites) {
  const auto body = patternBytes(0, 10'000);
  auto stream =
      streamOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, 777));
  auto head = stream.readHead();
  ASSERT_TRUE(head && *head);
  EXPECT_EQ(*stream.readBody(**head), body);
}

TEST(HttpStream, FailsOnAChunkThatIsLongerThanItSays) {
  auto stream =
      streamOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n");
  auto head = stream.readHead();
  ASSERT_TRUE(head && *head);
  EXPECT_FALSE(stream.readBody(**head).ok());
}

TEST(HttpStream, FailsOnABodyThatIsCutOff) {
  auto stream = streamOf("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  auto head = stream.readHead();
  ASSERT_TRUE(head && *head);
  EXPECT_FALSE(stream.readBody(**head).ok());
}

TEST(PatternBytes, IsTheSameFromAnyOffset) {
  const auto whole = patternBytes(0, 4096);
  EXPECT_EQ(patternBytes(1001, 500), whole.substr(1001, 500));
  EXPECT_NE(patternBytes(0, 512), patternBytes(512, 512));
}

}  // namespace
}  // namespace sluice::test
