// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/connection_views.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>

namespace sluice::agent {
namespace {

using namespace std::chrono_literals;

constexpr WorkloadId kWeb{7};

SocketAddress at(const std::string& ip, uint16_t port) { return {*IpAddress::parse(ip), port}; }

ConnectionNames names() {
  return {[](WorkloadId id) { return id == kWeb ? "shop/web" : ""; },
          [](name_kind kind, uint32_t id, TimePoint) {
            return id == 0 ? "" : std::to_string(kind) + "/" + std::to_string(id);
          }};
}

/// To 10.96.0.1:80, opened when the clock said one second.
WorkloadConnection steered(uint16_t client_port, sluice_reason reason, uint32_t flags) {
  WorkloadConnection connection{
      .workload = kWeb, .client = at("10.1.0.9", client_port), .state = TCP_ESTABLISHED};
  auto& record = connection.record.emplace();
  const auto destination = at("10.96.0.1", 80);
  std::copy(destination.ip.bytes.begin(), destination.ip.bytes.end(), record.address);
  record.port = htons(80);
  record.reason = static_cast<uint16_t>(reason);
  record.flags = flags;
  record.service = 3;
  record.opened_ns = 1'000'000'000;
  return connection;
}

constexpr TimePoint kNow{61s};

TEST(ConnectionViews, ConnectPathIsWhatTheKernelRemembers) {
  auto connection = steered(4000, REASON_STEERED, CONN_COUNTED);
  connection.record->endpoint = 5;
  const auto views = connectionViews({connection}, {}, names(), kNow);
  ASSERT_EQ(views.size(), 1U);
  EXPECT_EQ(observe::toText(views[0]),
            R"({"workload":"shop/web","client":"10.1.0.9:4000","service":"1/3","path":"connect",)"
            R"("endpoint":"4/5","state":"established","destination":"10.96.0.1:80",)"
            R"("reason":"steered","ageSeconds":60})");
}

TEST(ConnectionViews, WhatKernelAndProxyKnowIsThereOnce) {
  const auto connection = steered(4000, REASON_TO_PROXY, CONN_PROXIED);
  const proxy::ConnectionInfo session{.workload = kWeb,
                                      .service = {3},
                                      .client = connection.client,
                                      .endpoint = {5},
                                      .state = "active",
                                      .age = 5s,
                                      .requests = 2};
  const auto views = connectionViews({connection}, {session}, names(), kNow);
  ASSERT_EQ(views.size(), 1U);
  EXPECT_EQ(views[0]["path"], "proxy");
  EXPECT_EQ(views[0]["state"], "active");
  EXPECT_EQ(views[0]["requests"], 2);
  EXPECT_EQ(views[0]["destination"], "10.96.0.1:80");
  EXPECT_EQ(views[0]["reason"], "to_proxy");
}

TEST(ConnectionViews, OneThatTheProxyHasNotAcceptedYetIsTheKernelsAlone) {
  const auto views =
      connectionViews({steered(4000, REASON_TO_PROXY, CONN_PROXIED)}, {}, names(), kNow);
  ASSERT_EQ(views.size(), 1U);
  EXPECT_EQ(views[0]["path"], "proxy");
  EXPECT_EQ(views[0]["endpoint"], "");
}

TEST(ConnectionViews, UnsteeredAreThoseWithoutRecordWhosePeerIsSteeredToday) {
  WorkloadConnection old{.workload = kWeb,
                         .client = at("10.1.0.9", 1),
                         .peer = at("10.96.0.1", 80),
                         .state = TCP_ESTABLISHED};
  auto elsewhere = old;
  elsewhere.peer = at("192.0.2.1", 443);
  const std::vector<WorkloadConnection> all = {old, elsewhere,
                                               steered(2, REASON_STEERED, CONN_COUNTED)};
  const auto is_steered = [&](const SocketAddress& peer) { return peer == old.peer; };
  const auto views = unsteeredViews(all, names(), is_steered);
  ASSERT_EQ(views.size(), 1U);
  EXPECT_EQ(views[0]["client"], "10.1.0.9:1");
  EXPECT_EQ(views[0]["destination"], "10.96.0.1:80");
  EXPECT_EQ(connectionViews(all, {}, names(), kNow).size(), 1U);
}

}  // namespace
}  // namespace sluice::agent
