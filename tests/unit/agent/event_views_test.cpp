// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/event_views.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace sluice::agent {
namespace {

using namespace std::chrono_literals;

/// When all numbers got their names.
constexpr TimePoint kNamed{10s};

ConnectionNames eventNames() {
  return {[](WorkloadId id) { return id.value == 7 ? "shop/web" : ""; },
          [](name_kind kind, uint32_t id, TimePoint then) {
            if (id == 0 || then < kNamed) return std::string();
            if (kind == NAME_SERVICE) return std::string("api.shop.svc.cluster.local:80/v4");
            return std::to_string(kind) + "/" + std::to_string(id);
          }};
}

/// Of a connection to 10.96.0.1:80 that the route has sent to endpoint 5.
event toldOf(sluice_event kind) {
  event told{};
  told.time_ns = 20'000'000'000;
  told.socket = 99;
  told.workload = 7;
  const SocketAddress destination{*IpAddress::parse("10.96.0.1"), 80};
  std::ranges::copy(destination.ip.bytes, told.address);
  told.port = htons(80);
  told.kind = static_cast<uint16_t>(kind);
  told.reason = REASON_STEERED;
  told.service = 3;
  told.route = 4;
  told.cluster = 6;
  told.endpoint = 5;
  return told;
}

observe::Json viewOf(const event& told) {
  return eventView(told, eventNames(), std::chrono::system_clock::time_point(1767225600s + 1500us));
}

bool isShown(const observe::Json& request, const event& told) {
  const auto filter = EventFilter::of(request);
  EXPECT_TRUE(filter.ok());
  return filter.ok() && filter->matches(viewOf(told));
}

TEST(EventViews, SayWhoCalledWhatAndWhereItWent) {
  EXPECT_EQ(observe::toText(viewOf(toldOf(EVENT_CONNECT))),
            R"({"time":"2026-01-01T00:00:00.001500Z","event":"connect","connection":99,)"
            R"("workload":"shop/web","destination":"10.96.0.1:80",)"
            R"("service":"api.shop.svc.cluster.local:80/v4","reason":"steered","route":"5/4",)"
            R"("cluster":"3/6","endpoint":"4/5"})");
}

TEST(EventViews, DoNotNameWhatTheNumbersWereGivenToLater) {
  auto told = toldOf(EVENT_CLOSED);
  told.duration_ns = 10'000'000'001;
  for (const char* named : {"service", "route", "cluster", "endpoint"})
    EXPECT_EQ(viewOf(told).at(named), "") << named;
  told.duration_ns -= 1;
  EXPECT_EQ(viewOf(told).at("route"), "5/4");
}

TEST(EventViews, SayHowLongItTookAndAtTheEndHowMuchWasSent) {
  auto told = toldOf(EVENT_ESTABLISHED);
  told.duration_ns = 1'500'000;
  EXPECT_EQ(viewOf(told).at("seconds"), 0.0015);
  EXPECT_FALSE(viewOf(told).contains("sentBytes"));
  told.kind = EVENT_CLOSED;
  told.sent_bytes = 10;
  told.received_bytes = 3;
  EXPECT_EQ(viewOf(told).at("sentBytes"), 10);
  EXPECT_EQ(viewOf(told).at("receivedBytes"), 3);
}

TEST(EventViews, OfNewerProgramsHaveNoName) {
  auto told = toldOf(EVENT_CONNECT);
  told.kind = EVENT_COUNT;
  EXPECT_EQ(viewOf(told).at("event"), "unknown");
}

TEST(EventFilter, WorkloadIsNamedWithOrWithoutItsNamespace) {
  const auto told = toldOf(EVENT_CONNECT);
  EXPECT_TRUE(isShown({{"workload", ""}}, told));
  EXPECT_TRUE(isShown({{"workload", "shop/web"}}, told));
  EXPECT_TRUE(isShown({{"workload", "web"}}, told));
  EXPECT_FALSE(isShown({{"workload", "eb"}}, told));
  EXPECT_FALSE(isShown({{"workload", "other/web"}}, told));
  EXPECT_TRUE(isShown({{"namespace", "shop"}}, told));
  EXPECT_FALSE(isShown({{"namespace", "sho"}}, told));
}

TEST(EventFilter, ServiceIsNamedAsShortAsOneLikes) {
  const auto told = toldOf(EVENT_CONNECT);
  for (const char* name : {"api", "api:80", "api.shop", "api.shop:80", "api.shop.svc.cluster.local",
                           "api.shop.svc.cluster.local:80", "api.shop.svc.cluster.local:80/v4"})
    EXPECT_TRUE(isShown({{"service", name}}, told)) << name;
  EXPECT_FALSE(isShown({{"service", "ap"}}, told));
  EXPECT_FALSE(isShown({{"service", "api:8"}}, told));
  EXPECT_FALSE(isShown({{"service", "api:81"}}, told));
  EXPECT_FALSE(isShown({{"service", "api.shop.svc.cluster.local:8"}}, told));
}

TEST(EventFilter, ReasonMustExist) {
  EXPECT_TRUE(isShown({{"reason", "steered"}}, toldOf(EVENT_CONNECT)));
  EXPECT_FALSE(isShown({{"reason", "to_proxy"}}, toldOf(EVENT_CONNECT)));
  const auto none = EventFilter::of({{"reason", "stered"}});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code(), Error::Code::kInvalid);
  EXPECT_NE(none.error().hint().find("steered, to_proxy"), std::string::npos);
}

}  // namespace
}  // namespace sluice::agent
