// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/header_format.h"

#include <gtest/gtest.h>

namespace sluice::proxy {
namespace {

class Format : public testing::Test {
 protected:
  Format() {
    const auto parsed = http1::parseRequest(kRequest, 0, request_);
    EXPECT_TRUE(parsed.complete());
  }
  static std::string textOf(std::string_view format, const FormatInput& input) {
    std::string out;
    HeaderFormat(format).append(input, out);
    return out;
  }
  std::string text(std::string_view format) const {
    const SocketAddress client{*IpAddress::parse("10.0.0.1"), 4711};
    const routing::ClusterKey cluster{.host = "shop.example", .port = 80, .subset = "v1"};
    ResponseFlags flags;
    flags.add(ResponseFlags::kDelayInjected);
    return textOf(format, {.request = &request_,
                           .protocol = "HTTP/1.1",
                           .client = &client,
                           .called = SocketAddress{*IpAddress::parse("10.96.0.1"), 80},
                           .cluster = &cluster,
                           .route_name = "canary",
                           .workload = "web-0",
                           .started = kStarted,
                           .flags = flags,
                           .status = 204});
  }

  /// 2024-05-06T07:08:09.001234567Z.
  static constexpr std::chrono::system_clock::time_point kStarted{
      std::chrono::nanoseconds(1'714'979'289'001'234'567)};
  static constexpr std::string_view kRequest =
      "GET /a?b=1 HTTP/1.1\r\nHost: shop:80\r\nX-One: first\r\nX-Empty:\r\n\r\n";
  http1::RequestHead request_;
};

TEST_F(Format, TextAndLiteralPercent) {
  EXPECT_EQ(text("plain"), "plain");
  EXPECT_EQ(text("100%% %%a"), "100% %a");
  EXPECT_EQ(text(""), "");
}

TEST_F(Format, FieldsOfTheRequestInAnyCase) {
  EXPECT_EQ(text("<%REQ(x-one)%>"), "<first>");
  EXPECT_EQ(text("%REQ(x-none?x-one)%"), "first");
  EXPECT_EQ(text("%REQ(x-one):3%"), "fir");
  EXPECT_EQ(text("%REQ(x-none)%"), "");
  EXPECT_EQ(text("%REQ(:method)% %REQ(:path)% %REQ(:authority)% %REQ(:scheme)%"),
            "GET /a?b=1 shop:80 http");
}

TEST_F(Format, WhatIsKnownOfTheConnection) {
  EXPECT_EQ(text("%PROTOCOL% %RESPONSE_CODE%"), "HTTP/1.1 204");
  EXPECT_EQ(text("%DOWNSTREAM_REMOTE_ADDRESS%"), "10.0.0.1:4711");
  EXPECT_EQ(text("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"), "10.0.0.1");
  EXPECT_EQ(text("%DOWNSTREAM_REMOTE_PORT%"), "4711");
  EXPECT_EQ(text("[%UPSTREAM_HOST%][%RESP(x)%]"), "[][]");
}

TEST_F(Format, WhatIsKnownOfTheDecision) {
  EXPECT_EQ(text("%UPSTREAM_CLUSTER% %ROUTE_NAME%"), "outbound|80|v1|shop.example canary");
  EXPECT_EQ(text("%RESPONSE_FLAGS% %HOSTNAME%"), "DI web-0");
  EXPECT_EQ(text("%DOWNSTREAM_LOCAL_ADDRESS%"), "10.96.0.1:80");
  EXPECT_EQ(text("%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_PORT%"),
            "10.96.0.1 80");
  EXPECT_EQ(text("[%REQUESTED_SERVER_NAME%]"), "[]");
}

TEST_F(Format, Times) {
  EXPECT_EQ(text("%START_TIME%"), "2024-05-06T07:08:09.001Z");
  EXPECT_EQ(text("%START_TIME(%d %b %y)%!"), "06 May 24!");
  EXPECT_EQ(text("%START_TIME(%s.%3f %f %%)%"), "1714979289.001 001234567 %");
  EXPECT_EQ(text("%START_TIME(at %)%"), "at %");
}

TEST_F(Format, WhatIsUnknownIsEmpty) {
  EXPECT_EQ(text("50% off"), "50% off");
  EXPECT_EQ(text("[%NOTHING%] %REQ(x-one)%"), "[] first");
  EXPECT_EQ(text("[%REQ(x-one):y%]"), "[]");
  EXPECT_EQ(textOf("[%UPSTREAM_CLUSTER%%DOWNSTREAM_LOCAL_PORT%%ROUTE_NAME%]", {}), "[]");
}

TEST_F(Format, SaysWhenItNeedsTheRequest) {
  EXPECT_TRUE(HeaderFormat("a%REQ(x)%").needsRequest());
  EXPECT_FALSE(HeaderFormat("a%RESP(x)% %PROTOCOL%").needsRequest());
}

}  // namespace
}  // namespace sluice::proxy
