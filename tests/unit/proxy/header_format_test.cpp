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
  std::string text(std::string_view format) const {
    const SocketAddress client{*IpAddress::parse("10.0.0.1"), 4711};
    std::string out;
    HeaderFormat(format).append({.request = &request_, .client = &client, .status = 204}, out);
    return out;
  }

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

TEST_F(Format, WhatIsNoVariableStaysAsItIs) {
  EXPECT_EQ(text("50% off"), "50% off");
  EXPECT_EQ(text("%NOTHING% %REQ(x-one)%"), "%NOTHING% first");
  EXPECT_EQ(text("%REQ(x-one):y%"), "%REQ(x-one):y%");
  EXPECT_EQ(text("%REQ(x-one"), "%REQ(x-one");
}

TEST_F(Format, SaysWhenItNeedsTheRequest) {
  EXPECT_TRUE(HeaderFormat("a%REQ(x)%").needsRequest());
  EXPECT_FALSE(HeaderFormat("a%RESP(x)%").needsRequest());
}

}  // namespace
}  // namespace sluice::proxy
