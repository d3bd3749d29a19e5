// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "userspace/proxy/http1/chunked.h"
#include "userspace/proxy/http1/limits.h"

namespace sluice::proxy::test {
namespace {

using http1::ChunkedDecoder;
using http1::Refusal;

const std::string kBody =
    "4\r\nWiki\r\n00A;n;m=t;q=\"a\\\"\t;\"\r\n0123456789\r\n000\r\nX-Sum: 1\r\nY:\r\n\r\n";
const std::string kData = "Wiki0123456789";

std::string dataOf(ChunkedDecoder& decoder, std::string_view bytes) {
  std::string data;
  while (!bytes.empty()) {
    const auto run = decoder.next(bytes);
    if (run.framing + run.data == 0) break;
    data.append(bytes.substr(run.framing, run.data));
    bytes.remove_prefix(run.framing + run.data);
  }
  return data;
}

TEST(ChunkedDecoder, GivesTheDataHoweverItIsSplit) {
  for (size_t split = 0; split <= kBody.size(); ++split) {
    ChunkedDecoder decoder;
    std::string data = dataOf(decoder, kBody.substr(0, split));
    EXPECT_EQ(decoder.done(), split == kBody.size());
    data += dataOf(decoder, kBody.substr(split));
    EXPECT_EQ(data, kData);
    EXPECT_TRUE(decoder.done());
  }
}

TEST(ChunkedDecoder, TakesNothingBeyondTheEnd) {
  ChunkedDecoder decoder;
  EXPECT_EQ(decoder.take(kBody + "GET / HTTP/1.1\r\n"), kBody.size());
  EXPECT_EQ(decoder.take("x"), 0u);
}

TEST(ChunkedDecoder, RefusesWhatIsNotTheGrammar) {
  const std::vector<std::pair<Refusal, std::string>> table = {
      {Refusal::kBadChunkSize, "\r\n"},
      {Refusal::kBadChunkSize, "g\r\n"},
      {Refusal::kBadChunkSize, "-1\r\n"},
      {Refusal::kBadChunkSize, "0x1\r\n"},
      {Refusal::kBadChunkSize, " 1\r\n"},
      {Refusal::kBadChunkSize, "1 \r\n"},
      {Refusal::kBadChunkSize, "1\n"},
      {Refusal::kBadChunkSize, "1\rx"},
      {Refusal::kBadChunkSize, "0000000000000001\r\n"},
      {Refusal::kBadChunkExtension, "1;\r\n"},
      {Refusal::kBadChunkExtension, "1; a\r\n"},
      {Refusal::kBadChunkExtension, "1;a\n"},
      {Refusal::kBadChunkExtension, "1;a=\r\n"},
      {Refusal::kBadChunkExtension, "1;a=\"b\r\n"},
      {Refusal::kBadChunkExtension, "1;a=\"b\"c\r\n"},
      {Refusal::kBadChunkEnd, "1\r\nab"},
      {Refusal::kBadChunkEnd, "1\r\na\n"},
      {Refusal::kBadChunkEnd, "1\r\na\rb"},
      {Refusal::kBadTrailer, "0\r\n a: b\r\n\r\n"},
      {Refusal::kBadTrailer, "0\r\na : b\r\n\r\n"},
      {Refusal::kBadTrailer, "0\r\na\r\n\r\n"},
      {Refusal::kBadTrailer, "0\r\na: b\n\r\n"},
      {Refusal::kBadTrailer, "0\r\na: b\rc"},
      {Refusal::kBadTrailer, "0\r\n\rx"},
      {Refusal::kForbiddenTrailer, "0\r\nContent-LENGTH: 1\r\n\r\n"},
      {Refusal::kForbiddenTrailer, "0\r\ntransfer-encoding: chunked\r\n\r\n"},
      {Refusal::kForbiddenTrailer, "0\r\nX: 1\r\nHost: b\r\n\r\n"},
      {Refusal::kChunkExtensionsTooLarge,
       "1;" + std::string(http1::kMaxChunkExtensionBytes + 1, 'a')},
      {Refusal::kTrailersTooLarge, "0\r\na:" + std::string(http1::kMaxTrailerBytes, 'a')}};
  for (const auto& [why, bytes] : table) {
    ChunkedDecoder decoder;
    const size_t taken = decoder.take(bytes);
    EXPECT_STREQ(http1::refusalText(decoder.refusal()), http1::refusalText(why)) << bytes;
    EXPECT_LT(taken, bytes.size());
    EXPECT_EQ(decoder.take("0\r\n\r\n"), 0u) << "a refusal is final";
  }
}

TEST(ChunkedDecoder, SmallExtensionsOfManyChunksAddUp) {
  ChunkedDecoder decoder;
  std::string bytes;
  for (size_t i = 0; i < http1::kMaxChunkExtensionBytes; ++i) bytes += "1;a\r\nx\r\n";
  decoder.take(bytes);
  EXPECT_EQ(decoder.refusal(), Refusal::kChunkExtensionsTooLarge);
}

TEST(ChunkedDecoder, LongTrailerNamesAreNotMistakenForForbiddenOnes) {
  ChunkedDecoder decoder;
  decoder.take("0\r\ncontent-length-of-the-whole-thing: 1\r\n\r\n");
  EXPECT_TRUE(decoder.done());
}

TEST(ChunkedDecoder, KeepsTheStatusOfGrpcHoweverItIsSplit) {
  const std::string body = "1\r\nx\r\n0\r\nA: 9\r\nGrpc-Status: \t14 \r\nB: 9\r\n\r\n";
  for (size_t split = 0; split <= body.size(); ++split) {
    ChunkedDecoder decoder;
    decoder.take(body.substr(0, split));
    decoder.take(body.substr(split));
    EXPECT_EQ(decoder.grpcStatus(), "14") << split;
  }
}

TEST(ChunkedDecoder, OtherTrailersAreNoStatusOfGrpc) {
  for (const auto* trailer :
       {"", "Grpc-Status-Details-Bin: 1\r\n", "Grpc: 1\r\n", "Grpc-Status:\r\n"}) {
    ChunkedDecoder decoder;
    decoder.take(std::string("0\r\n") + trailer + "\r\n");
    EXPECT_TRUE(decoder.done());
    EXPECT_EQ(decoder.grpcStatus(), "") << trailer;
  }
}

TEST(ChunkedDecoder, StatusesOfGrpcThatAreTooLongStayTooLong) {
  ChunkedDecoder decoder;
  decoder.take("0\r\ngrpc-status: 00000000\r\n\r\n");
  EXPECT_TRUE(decoder.done());
  EXPECT_EQ(decoder.grpcStatus(), "0000");
}

}  // namespace
}  // namespace sluice::proxy::test
