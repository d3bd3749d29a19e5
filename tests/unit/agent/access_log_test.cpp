// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

namespace sluice::agent {
namespace {

using proxy::RequestRecord;

class AccessLogWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader_.reset(ends[0]);
    writer_.reset(ends[1]);
  }

  /// Everything until the writer has gone.
  std::string readAll() const {
    std::string text;
    char chunk[65536];
    ssize_t size = 0;
    while ((size = ::read(reader_.get(), chunk, sizeof(chunk))) > 0)
      text.append(chunk, static_cast<size_t>(size));
    return text;
  }

  static RequestRecord answered(int status) {
    RequestRecord record;
    record.method = "GET";
    record.target = "/";
    record.status = status;
    return record;
  }

  Fd reader_, writer_;
};

TEST_F(AccessLogWriterTest, WritesWhatWaitsBeforeItGoes) {
  {
    AccessLogWriter log(AccessLogWriter::Which::kAll, AccessLogFormat::kText, std::move(writer_));
    for (int i = 0; i < 3; ++i) log.record(answered(200 + i));
  }
  const auto text = readAll();
  EXPECT_NE(text.find("\" 200 - "), std::string::npos) << text;
  EXPECT_NE(text.find("\" 202 - "), std::string::npos) << text;
}

TEST_F(AccessLogWriterTest, ErrorsAreServerErrorsThoseOfGrpcFlagsAndNoAnswer) {
  {
    AccessLogWriter log(AccessLogWriter::Which::kErrors, AccessLogFormat::kText,
                        std::move(writer_));
    log.record(answered(404));
    log.record(answered(503));
    log.record(answered(0));
    auto flagged = answered(404);
    flagged.flags.add(proxy::ResponseFlags::kNoRoute);
    log.record(flagged);
    auto call = answered(200);
    call.grpc_status = 0;
    log.record(call);
    call.grpc_status = 14;
    log.record(call);
  }
  const auto text = readAll();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  EXPECT_EQ(text.find(" 404 - "), std::string::npos) << text;
  EXPECT_NE(text.find(" 404 NR "), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(" 14\n")) << text;
}

TEST_F(AccessLogWriterTest, ConnectionsWithoutHttpAreErrorsByTheirFlagsOnly) {
  {
    AccessLogWriter log(AccessLogWriter::Which::kErrors, AccessLogFormat::kText,
                        std::move(writer_));
    RequestRecord record;
    record.opaque = true;
    log.record(record);
    record.flags.add(proxy::ResponseFlags::kUpstreamConnectFailure);
    log.record(record);
  }
  const auto text = readAll();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_NE(text.find(" UF "), std::string::npos) << text;
}

TEST_F(AccessLogWriterTest, ReaderThatStallsCostsLinesAndNoTime) {
  AccessLogWriter log(AccessLogWriter::Which::kAll, AccessLogFormat::kText, std::move(writer_));
  auto record = answered(200);
  const std::string target(32768, 'x');
  record.target = target;
  for (int i = 0; i < 100; ++i) log.record(record);  // more than the pipe and the queue hold
  EXPECT_GT(log.dropped(), 0u);
}

}  // namespace
}  // namespace sluice::agent
