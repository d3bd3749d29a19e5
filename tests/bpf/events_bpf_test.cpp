// SPDX-License-Identifier: Apache-2.0
// What the programs tell of single connections, read from the ring as the agent reads it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>

#include "loader/event_ring.h"
#include "tests/bpf/kernel_test.h"
#include "userspace/base/clock.h"

namespace sluice::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Events : public OneServerTest {
 protected:
  void SetUp() override {
    OneServerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto ring = loader::EventRing::open(Fd(::fcntl(kernel_->events(), F_DUPFD_CLOEXEC, 0)));
    ASSERT_TRUE(ring.ok()) << ring.error().message();
    ring_ = *std::move(ring);
  }

  /// As an agent does whose last sign of life was `ago`.
  void tellOfOneIn(uint32_t sample, Duration ago = {}) {
    auto record = view<Table::kControl>().get(0);
    ASSERT_TRUE(record.ok());
    record->sample = sample;
    const auto beat = SteadyClock().now() - ago;
    record->heartbeat_ns = static_cast<uint64_t>(beat.time_since_epoch().count());
    ASSERT_TRUE(view<Table::kControl>().put(0, *record).ok());
  }

  /// Everything that was told since the last time.
  std::vector<event> told() {
    std::vector<event> events;
    for (size_t before = 1; before != events.size();) {
      before = events.size();
      ring_->read([&](const event& one) { events.push_back(one); });
    }
    return events;
  }

  /// From connect() to close: the client sends 10 bytes and gets 3.
  void connectAndClose() {
    Fd client = connected(vip_);
    Fd accepted = server_.accept();
    ASSERT_EQ(::send(client.get(), "0123456789", 10, 0), 10);
    ASSERT_EQ(::send(accepted.get(), "abc", 3, 0), 3);
    closeInOrder(std::move(client), std::move(accepted));
  }

  /// Closed at once, whatever the server does.
  static void abort(Fd client) {
    const linger none{.l_onoff = 1, .l_linger = 0};
    ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &none, sizeof(none)), 0);
  }

  /// Of the failures of telling.
  uint64_t lost() {
    uint64_t count = 0;
    EXPECT_TRUE(view<Table::kFailures>()
                    .visit([&](const failure_key& key, const failure& value) {
                      if (key.site == SITE_TELL) count += value.count;
                    })
                    .ok());
    return count;
  }

  std::unique_ptr<loader::EventRing> ring_;
};

std::vector<uint16_t> kindsOf(const std::vector<event>& events) {
  std::vector<uint16_t> kinds;
  for (const auto& one : events) kinds.push_back(one.kind);
  return kinds;
}

TEST_F(Events, AreNotToldWhileNobodyAsks) {
  connectAndClose();
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(Events, AreNotToldWhereTheAgentIsGoneThatAsked) {
  tellOfOneIn(1, std::chrono::minutes(2));
  connectAndClose();
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(lost(), 0u);
}

TEST_F(Events, FollowAConnectionFromConnectToClose) {
  tellOfOneIn(1);
  connectAndClose();
  const auto events = told();
  ASSERT_THAT(kindsOf(events), ElementsAre(EVENT_CONNECT, EVENT_ESTABLISHED, EVENT_CLOSED));
  for (const auto& one : events) {
    EXPECT_EQ(one.socket, events[0].socket);
    EXPECT_EQ(one.workload, kWorkload.value);
    EXPECT_EQ(one.reason, REASON_STEERED);
    EXPECT_EQ(ntohs(one.port), vip_.port);
    EXPECT_TRUE(std::ranges::equal(one.address, vip_.ip.bytes));
    EXPECT_EQ(one.service, kService);
    EXPECT_EQ(one.route, kRoute);
    EXPECT_EQ(one.cluster, 1U);
    EXPECT_EQ(one.endpoint, 1U);
  }
  EXPECT_NE(events[0].socket, 0U);
  EXPECT_EQ(events[0].duration_ns, 0U);
  EXPECT_GT(events[1].duration_ns, 0U);
  EXPECT_GE(events[2].duration_ns, events[1].duration_ns);
  EXPECT_GE(events[2].time_ns, events[0].time_ns);
  EXPECT_EQ(events[1].sent_bytes + events[1].received_bytes, 0U);
  EXPECT_EQ(events[2].sent_bytes, 10U);
  EXPECT_EQ(events[2].received_bytes, 3U);
}

TEST_F(Events, SayHowAConnectionFailed) {
  setEndpoint(1, at("127.0.0.2", 1));
  tellOfOneIn(1);
  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
  EXPECT_THAT(kindsOf(told()), ElementsAre(EVENT_CONNECT, EVENT_FAILED));
}

TEST_F(Events, SayWhyAConnectionWasRefusedOrLeftAlone) {
  setCluster(1, {});
  tellOfOneIn(1);
  EXPECT_EQ(connectTo(clientSocket(), vip_), ECONNREFUSED);
  connected(server_.address);
  const auto events = told();
  ASSERT_THAT(kindsOf(events), ElementsAre(EVENT_CONNECT, EVENT_CONNECT));
  EXPECT_EQ(events[0].reason, REASON_NO_ENDPOINTS);
  EXPECT_EQ(events[0].cluster, 1U);
  EXPECT_EQ(events[1].reason, REASON_NO_SERVICE);
  EXPECT_EQ(events[1].service, 0U);
  EXPECT_EQ(ntohs(events[1].port), server_.address.port);
}

TEST_F(Events, OfV6ConnectionsAreToldAsWell) {
  const auto server = listen("::1");
  steerTo(vip6_, {server.address});
  tellOfOneIn(1);
  connected(vip6_);
  const auto events = told();
  ASSERT_FALSE(events.empty());
  EXPECT_TRUE(std::ranges::equal(events[0].address, vip6_.ip.bytes));
}

TEST_F(Events, OfAConnectionAreToldAllOrNone) {
  Fd before = connected(vip_);
  tellOfOneIn(1);
  abort(std::move(before));
  EXPECT_THAT(told(), IsEmpty()) << "it began when nobody asked";
  Fd after = connected(vip_);
  tellOfOneIn(0);
  abort(std::move(after));
  EXPECT_EQ(told().size(), 2U + 1U) << "it goes on to its end";
}

/// 2^-64 of all runs fail.
TEST_F(Events, AreThoseOfASampleOfTheConnections) {
  tellOfOneIn(2);
  for (int i = 0; i < 64; ++i) abort(connected(vip_));
  std::map<uint64_t, size_t> by_connection;
  for (const auto& one : told()) ++by_connection[one.socket];
  EXPECT_GT(by_connection.size(), 0U);
  EXPECT_LT(by_connection.size(), 64U);
  for (const auto& [connection, events] : by_connection) EXPECT_EQ(events, 3U);
}

TEST_F(Events, AreCountedWhenTheRingIsFullAndComeAgainWhenItIsRead) {
  setCluster(1, {});
  tellOfOneIn(1);
  const auto connect_often = [&](size_t times) {
    const Fd client = clientSocket();
    for (size_t i = 0; i < times; ++i) ASSERT_EQ(connectTo(client, vip_), ECONNREFUSED);
  };
  constexpr size_t kMany = SLUICE_EVENTS_BYTES / sizeof(event);
  ASSERT_NO_FATAL_FAILURE(connect_often(kMany));
  const auto lost_before = lost();
  EXPECT_GT(lost_before, 0U) << "each event has a header";
  EXPECT_EQ(told().size(), kMany - lost_before);
  ASSERT_NO_FATAL_FAILURE(connect_often(1));
  EXPECT_EQ(told().size(), 1U);
  EXPECT_EQ(lost(), lost_before);
}

TEST_F(Events, WakeTheirReaderWhoTakesNotTooManyAtOnce) {
  pollfd ready{ring_->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
  setCluster(1, {});
  tellOfOneIn(1);
  const Fd client = clientSocket();
  for (size_t i = 0; i <= loader::EventRing::kMostAtOnce; ++i)
    ASSERT_EQ(connectTo(client, vip_), ECONNREFUSED);
  EXPECT_EQ(::poll(&ready, 1, 5000), 1);
  size_t first = 0;
  ring_->read([&](const event&) { ++first; });
  EXPECT_EQ(first, loader::EventRing::kMostAtOnce);
  EXPECT_EQ(::poll(&ready, 1, 5000), 1) << "there is one more";
  EXPECT_EQ(told().size(), 1U);
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
}

}  // namespace
}  // namespace sluice::test
