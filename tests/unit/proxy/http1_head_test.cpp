// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "userspace/proxy/http1/forward.h"
#include "userspace/proxy/http1/head.h"

namespace sluice::proxy::test {
namespace {

using namespace std::string_literals;
using http1::Refusal;

struct RefusedCase {
  Refusal why;
  std::string bytes;
};

std::string withField(const std::string& field) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n";
}

const std::vector<RefusedCase> kRefusedRequests = {
    {Refusal::kBareLf, "GET / HTTP/1.1\nHost: a\n\n"},
    {Refusal::kBareLf, "GET / HTTP/1.1\r\nHost: a\n\r\n"},
    {Refusal::kBareLf, withField("A: b\nC: d")},
    {Refusal::kBareCr, withField("A: b\rC: d")},
    {Refusal::kBareCr, "GET / HTTP/1.1\r\nHost: a\r\n\rX"},
    {Refusal::kBareCr, "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kControlByte, withField("A: b\0c"s)},
    {Refusal::kControlByte, withField("A: b\x7f")},
    {Refusal::kControlByte, withField("A\x01: b")},
    {Refusal::kControlByte, "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kObsFold, withField("A: b\r\n c")},
    {Refusal::kObsFold, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {Refusal::kSpaceBeforeColon, withField("A : b")},
    {Refusal::kSpaceBeforeColon, withField("Transfer-Encoding\t: chunked")},
    {Refusal::kBadHeaderName, withField(": b")},
    {Refusal::kBadHeaderName, withField("A(b): c")},
    {Refusal::kBadHeaderName, withField("A\x80: c")},
    {Refusal::kBadMethod, " / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadMethod, "G[T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadTarget, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadMethod, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadTarget, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadTarget, "GET a HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadTarget, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadTarget, "GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadTarget, "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadTarget, "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadTarget, "GET http://a?x HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadStartLine, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kBadStartLine, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
    {Refusal::kBadStartLine, "GET / http/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kNotHttp1, "PRI * HTTP/2.0\r\n\r\n"},
    {Refusal::kNotHttp1, "\x16\x03\x01"},
    {Refusal::kBadVersion, "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
    {Refusal::kBadVersion, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
    {Refusal::kBadVersion, "GET / HTTP/01.1\r\nHost: a\r\n\r\n"},
    {Refusal::kConnect, "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {Refusal::kHostMissing, "GET / HTTP/1.1\r\n\r\n"},
    {Refusal::kHostTwice, withField("Host: a")},
    {Refusal::kBadHost, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
    {Refusal::kBadHost, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
    {Refusal::kBadHost, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {Refusal::kBadHost, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
    {Refusal::kBadHost, "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n"},
    {Refusal::kBadHost, "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"},
    {Refusal::kBadHost, "GET / HTTP/1.1\r\nHost: a[b]\r\n\r\n"},
    {Refusal::kBadHost, "GET / HTTP/1.1\r\nHost: []\r\n\r\n"},
    {Refusal::kUnderscoredFraming, withField("Content_Length: 1")},
    {Refusal::kUnderscoredFraming, withField("transfer_ENCODING: chunked")},
    {Refusal::kBadContentLength, withField("Content-Length: +1")},
    {Refusal::kBadContentLength, withField("Content-Length: 0x1")},
    {Refusal::kBadContentLength, withField("Content-Length: 1, 1")},
    {Refusal::kBadContentLength, withField("Content-Length:")},
    {Refusal::kBadContentLength, withField("Content-Length: 99999999999999999999")},
    {Refusal::kContentLengthTwice, withField("Content-Length: 1\r\ncontent-length: 1")},
    {Refusal::kLengthAndEncoding, withField("Content-Length: 1\r\nTransfer-Encoding: chunked")},
    {Refusal::kBadTransferEncoding, withField("Transfer-Encoding: gzip, chunked")},
    {Refusal::kBadTransferEncoding, withField("Transfer-Encoding: identity")},
    {Refusal::kBadTransferEncoding, withField("Transfer-Encoding: \"chunked\"")},
    {Refusal::kBadTransferEncoding,
     withField("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")},
    {Refusal::kEncodingInHttp10, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {Refusal::kBadConnectionOption, withField("Connection: host")},
    {Refusal::kBadConnectionOption, withField("Connection: close, Transfer-Encoding")},
    {Refusal::kBadConnectionOption, withField("Connection: a b")},
};

TEST(RequestHead, RefusesWhatCouldBeReadInTwoWays) {
  http1::RequestHead head;
  for (const auto& each : kRefusedRequests) {
    const auto parsed = http1::parseRequest(each.bytes, 0, head);
    EXPECT_STREQ(http1::refusalText(parsed.refusal), http1::refusalText(each.why)) << each.bytes;
  }
}

TEST(RequestHead, AcceptsWhatIsUnambiguous) {
  http1::RequestHead head;
  for (const std::string bytes :
       {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n", "M-SEARCH /?a=/?&%zz\xc3\xa4 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a_b.c:\r\n\r\n", "GET HTTP://a HTTP/1.1\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:a\r\nEmpty:\r\nText:\t\x80 x \t\r\nConnection: ,close,\r\n\r\n"}) {
    const auto parsed = http1::parseRequest(bytes, 0, head);
    EXPECT_EQ(parsed.consumed, bytes.size()) << bytes << http1::refusalText(parsed.refusal);
  }
}

TEST(RequestHead, FindsItsParts) {
  http1::RequestHead head;
  const std::string bytes =
      "POST http://b:8/x?y HTTP/1.1\r\nHost: a\r\nContent-Length: 012\r\nX:  1 2 \r\n\r\nrest";
  EXPECT_EQ(http1::parseRequest(bytes, 0, head).consumed, bytes.size() - 4);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.path, "/x?y");
  EXPECT_EQ(head.authority, "b:8");
  EXPECT_EQ(head.fields.content_length, 12u);
  EXPECT_EQ(head.fields.headers[2].value, "1 2");
}

TEST(RequestHead, IsPartialUntilItsLastByteHoweverItArrives) {
  http1::RequestHead head;
  const std::string bytes = "\r\nPOST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
  for (size_t size = 1; size < bytes.size(); ++size) {
    for (const size_t last : {size_t{0}, size - 1}) {
      const auto parsed = http1::parseRequest(bytes.substr(0, size), last, head);
      EXPECT_FALSE(parsed.complete() || parsed.refused()) << size;
    }
  }
  for (size_t last = 0; last < bytes.size(); ++last) {
    EXPECT_EQ(http1::parseRequest(bytes + "a\nb", last, head).consumed, bytes.size()) << last;
  }
}

TEST(RequestHead, LaterTriesStillFindBareLineFeeds) {
  http1::RequestHead head;
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\nX";
  EXPECT_EQ(http1::parseRequest(bytes, 20, head).refusal, Refusal::kBareLf);
}

TEST(RequestHead, HasLimits) {
  http1::RequestHead head;
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (size_t i = 1; i < http1::kMaxHeaders; ++i) many += "a: b\r\n";
  EXPECT_TRUE(http1::parseRequest(many + "\r\n", 0, head).complete());
  EXPECT_EQ(http1::parseRequest(many + "a: b\r\n\r\n", 0, head).refusal, Refusal::kTooManyHeaders);

  std::string large = "GET / HTTP/1.1\r\nHost: a\r\nA: ";
  large.append(http1::kMaxHeadBytes - large.size() - 4, 'x');
  EXPECT_TRUE(http1::parseRequest(large + "\r\n\r\n", 0, head).complete());
  EXPECT_EQ(http1::parseRequest(large + "x\r\n\r\n", 0, head).refusal, Refusal::kHeadTooLarge);
  EXPECT_EQ(http1::parseRequest(large + "xxxx", 100, head).refusal, Refusal::kHeadTooLarge);
}

TEST(ResponseHead, RefusesAndAccepts) {
  http1::ResponseHead head;
  const std::vector<RefusedCase> refused = {
      {Refusal::kBadStartLine, "HTTP/1.1\r\n\r\n"},
      {Refusal::kBadStatus, "HTTP/1.1 20 OK\r\n\r\n"},
      {Refusal::kBadStatus, "HTTP/1.1 099 OK\r\n\r\n"},
      {Refusal::kBadStatus, "HTTP/1.1 2000\r\n\r\n"},
      {Refusal::kBadVersion, "HTTP/2.0 200 OK\r\n\r\n"},
      {Refusal::kBareLf, "HTTP/1.1 200 OK\n\n"},
      {Refusal::kBodyOnBodiless, "HTTP/1.1 204 OK\r\nContent-Length: 1\r\n\r\n"},
      {Refusal::kBodyOnBodiless, "HTTP/1.1 100 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {Refusal::kLengthAndEncoding,
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}};
  for (const auto& each : refused) {
    EXPECT_STREQ(http1::refusalText(http1::parseResponse(each.bytes, 0, head).refusal),
                 http1::refusalText(each.why))
        << each.bytes;
  }
  for (const std::string bytes : {"HTTP/1.1 200\r\n\r\n", "HTTP/1.0 999 \xe4 x\r\nA:\r\n\r\n"}) {
    EXPECT_EQ(http1::parseResponse(bytes, 0, head).consumed, bytes.size());
  }
}

TEST(ResponseHead, BodyKinds) {
  const auto kind = [](const std::string& fields, int status, bool to_head) {
    http1::ResponseHead head;
    const std::string bytes = "HTTP/1.1 " + std::to_string(status) + " X\r\n" + fields + "\r\n";
    EXPECT_TRUE(http1::parseResponse(bytes, 0, head).complete());
    return head.bodyKind(to_head);
  };
  const std::string length = "Content-Length: 3\r\n";
  EXPECT_EQ(kind(length, 200, false), http1::BodyKind::kLength);
  EXPECT_EQ(kind(length, 200, true), http1::BodyKind::kNone);
  EXPECT_EQ(kind(length, 304, false), http1::BodyKind::kNone);
  EXPECT_EQ(kind("Content-Length: 0\r\n", 200, false), http1::BodyKind::kNone);
  EXPECT_EQ(kind("", 200, false), http1::BodyKind::kUntilClose);
  EXPECT_EQ(kind("", 204, false), http1::BodyKind::kNone);
  EXPECT_EQ(kind("Transfer-Encoding: Chunked\r\n", 200, false), http1::BodyKind::kChunked);
}

TEST(Forward, KeepsTrailersNegotiation) {
  http1::RequestHead head;
  const std::string bytes =
      "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE, close\r\n\r\n";
  ASSERT_TRUE(http1::parseRequest(bytes, 0, head).complete());
  std::string out;
  ASSERT_TRUE(http1::rewriteRequest(head, bytes, "d", out));
  EXPECT_EQ(out, "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
}

TEST(Forward, AsksAboutTheServerInAsteriskForm) {
  http1::RequestHead head;
  const std::string bytes = "OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n";
  ASSERT_TRUE(http1::parseRequest(bytes, 0, head).complete());
  std::string out;
  ASSERT_TRUE(http1::rewriteRequest(head, bytes, "d", out));
  EXPECT_EQ(out, "OPTIONS * HTTP/1.1\r\nHost: b\r\n\r\n");
}

TEST(Forward, UpgradeRequiredTellsToWhat) {
  http1::ResponseHead head;
  const std::string bytes =
      "HTTP/1.1 426 Upgrade Required\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n";
  ASSERT_TRUE(http1::parseResponse(bytes, 0, head).complete());
  std::string out;
  ASSERT_TRUE(http1::rewriteResponse(head, bytes, {.close = true}, out));
  EXPECT_THAT(out, testing::HasSubstr("Upgrade: x\r\nConnection: upgrade\r\nConnection: close"));
}

}  // namespace
}  // namespace sluice::proxy::test
