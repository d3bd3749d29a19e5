// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/access_log_line.h"

#include <gtest/gtest.h>

#include "userspace/observe/json.h"
#include "userspace/proxy/config.h"

namespace sluice::agent {
namespace {

using observe::Json;
using proxy::RequestRecord;
using std::chrono::milliseconds;

constexpr std::chrono::system_clock::time_point kTime{std::chrono::seconds(1767323045) +
                                                      milliseconds(67)};

/// A request about which everything is known.
class AccessLogLine : public testing::Test {
 protected:
  AccessLogLine() {
    auto cluster = std::make_shared<routing::Cluster>();
    cluster->key = {"api.shop", 80, "v1"};
    cluster_.cluster = cluster;
    auto service = std::make_shared<routing::ServiceRoute>();
    service->virtual_service = "shop/canary";
    route_.route = service;
    matched_.index = 2;
    matched_.name = "beta";
    rule_.rule = &matched_;
    known_.workload = {0xabc};
    known_.client = {*IpAddress::parse("10.0.0.9"), 40000};
    known_.called = &called_;
    known_.protocol = "HTTP/1.1";
    known_.method = "GET";
    known_.target = "/a";
    known_.authority = "api";
    known_.forwarded_for = "192.0.2.1";
    known_.user_agent = "curl/8";
    known_.request_id = "7";
    known_.status = 200;
    known_.grpc_status = 5;
    known_.request_bytes = 10;
    known_.response_bytes = 20;
    known_.duration = milliseconds(30);
    known_.service_time = milliseconds(25);
    known_.upstream_local = &upstream_local_;
    known_.server_name = "api.example";
    known_.details = "via_upstream";
    known_.route = &route_;
    known_.rule = &rule_;
    known_.cluster = &cluster_;
    known_.endpoint = &endpoint_;
  }

  const SocketAddress upstream_local_{*IpAddress::parse("10.0.0.2"), 50000};
  const SocketAddress called_{*IpAddress::parse("10.96.0.1"), 80};
  const proxy::ProxyEndpoint endpoint_{{*IpAddress::parse("10.0.0.1"), 8080}, {}, {}};
  proxy::ProxyRoute route_;
  routing::Rule matched_;
  proxy::ProxyRule rule_;
  proxy::ProxyCluster cluster_;
  RequestRecord known_;
};

TEST_F(AccessLogLine, HasIstiosFieldsInTheirOrder) {
  EXPECT_EQ(accessLogLine(known_, kTime, AccessLogFormat::kText),
            "[2026-01-02T03:04:05.067Z] \"GET /a HTTP/1.1\" 200 - via_upstream - \"-\" 10 20 30 25 "
            "\"192.0.2.1\" \"curl/8\" \"7\" \"api\" \"10.0.0.1:8080\" outbound|80|v1|api.shop "
            "10.0.0.2:50000 10.96.0.1:80 10.0.0.9:40000 api.example beta shop/canary#2 "
            "0000000000000abc 5");
}

TEST_F(AccessLogLine, SaysWhyNothingCouldBeEncrypted) {
  known_.transport_failure = "wrong_name: \"a\"";
  EXPECT_NE(accessLogLine(known_, kTime, AccessLogFormat::kText)
                .find(" via_upstream - \"wrong_name: \\x22a\\x22\" 10 20 "),
            std::string::npos);
}

TEST_F(AccessLogLine, JsonHasNumbersAndNulls) {
  const auto line = accessLogLine(known_, kTime, AccessLogFormat::kJson);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto fields = Json::parse(line);
  EXPECT_EQ(fields["start_time"], "2026-01-02T03:04:05.067Z");
  EXPECT_EQ(fields["response_code"], 200);
  EXPECT_EQ(fields["duration"], 30);
  EXPECT_EQ(fields["sluice_grpc_status"], 5);
  EXPECT_EQ(fields["upstream_host"], "10.0.0.1:8080");
  EXPECT_EQ(fields["sluice_rule"], "shop/canary#2");
  EXPECT_EQ(fields["upstream_service_time"], 25);
  EXPECT_EQ(fields["requested_server_name"], "api.example");
  EXPECT_TRUE(fields["connection_termination_details"].is_null());
}

TEST_F(AccessLogLine, NoClientCanForgeALine) {
  known_.target = "/\" 200\n\\\xff";
  const auto text = accessLogLine(known_, kTime, AccessLogFormat::kText);
  EXPECT_NE(text.find("\"GET /\\x22 200\\x0a\\x5c\\xff HTTP/1.1\""), std::string::npos) << text;
  const auto json = accessLogLine(known_, kTime, AccessLogFormat::kJson);
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_EQ(Json::parse(json)["path"], "/\" 200\n\\\xef\xbf\xbd") << "what is no UTF-8 is replaced";
}

TEST(AccessLogLineOfNothing, SaysThatItIsUnknown) {
  EXPECT_EQ(accessLogLine({}, kTime, AccessLogFormat::kText).substr(0, 50),
            "[2026-01-02T03:04:05.067Z] \"- - -\" 0 - - - \"-\" 0 0");
}

}  // namespace
}  // namespace sluice::agent
