// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/cluster_pool.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <thread>
#include <vector>

#include "userspace/base/fd.h"

namespace sluice::proxy {
namespace {

using namespace std::chrono_literals;

TEST(PoolSettings, ZeroIsNoLimit) {
  ConnectionPoolSettings policy;
  policy.tcp.emplace().connect_timeout = 0s;
  policy.tcp->idle_timeout = 0s;
  policy.http.emplace();
  EXPECT_EQ(PoolSettings::of(policy), PoolSettings());
  EXPECT_EQ(PoolSettings::of({}), PoolSettings());
}

TEST(PoolSettings, TakesEachFieldFromItsPlace) {
  ConnectionPoolSettings policy;
  policy.tcp = TcpSettings{.max_connections = 1,
                           .connect_timeout = 2s,
                           .tcp_keepalive = TcpKeepalive{.probes = 3, .time = 4s, .interval = 5s},
                           .max_connection_duration = 6s,
                           .idle_timeout = 7s};
  policy.http.emplace();
  policy.http->http1_max_pending_requests = 8;
  policy.http->http2_max_requests = 9;
  policy.http->max_requests_per_connection = 10;
  policy.http->idle_timeout = 11s;
  const PoolSettings expected{.max_connections = 1,
                              .max_pending = 8,
                              .max_requests = 9,
                              .max_requests_per_connection = 10,
                              .connect_timeout = 2s,
                              .tunnel_idle = 7s,
                              .http_idle = 11s,
                              .longest_connection = 6s,
                              .keepalive = policy.tcp->tcp_keepalive};
  EXPECT_EQ(PoolSettings::of(policy), expected);
}

int option(const Fd& socket, int level, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  ::getsockopt(socket.get(), level, name, &value, &size);
  return value;
}

TEST(Keepalive, IsSetOnTheSocket) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int system_interval = option(socket, IPPROTO_TCP, TCP_KEEPINTVL);
  setKeepalive(socket.get(), {.probes = 3, .time = 20ms, .interval = std::nullopt});
  EXPECT_EQ(option(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPCNT), 3);
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPIDLE), 1) << "the least that Linux knows";
  EXPECT_EQ(option(socket, IPPROTO_TCP, TCP_KEEPINTVL), system_interval);
}

TEST(ClusterPool, GivesAsManyAsThereMayBe) {
  PoolUses uses;
  PoolSettings settings;
  settings.max_requests = 2;
  const ClusterPool pool(settings, uses.of("a"));
  auto first = pool.request();
  auto second = pool.request();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(pool.request());
  first.release();
  auto third = pool.request();
  EXPECT_TRUE(third);
  second = std::move(third);
  EXPECT_TRUE(pool.request()) << "the one that was overwritten is back";
}

TEST(ClusterPool, LimitsThatChangeMeetWhatIsUnderWay) {
  PoolUses uses;
  PoolSettings settings;
  settings.max_connections = 5;
  const ClusterPool before(settings, uses.of("a"));
  const auto one = before.connection();
  const auto other = before.connectionBeyondLimit();
  settings.max_connections = 2;
  EXPECT_FALSE(ClusterPool(settings, uses.of("a")).connection());
  EXPECT_TRUE(ClusterPool(settings, uses.of("b")).connection()) << "another cluster";
}

TEST(ClusterPool, TheLimitHoldsBetweenThreads) {
  PoolUses uses;
  PoolSettings settings;
  settings.max_pending = 100;
  const ClusterPool pool(settings, uses.of("a"));
  std::vector<std::vector<Lease>> taken(4);
  std::vector<std::thread> threads;
  for (auto& mine : taken)
    threads.emplace_back([&pool, &mine] {
      for (int i = 0; i < 100; ++i)
        if (auto lease = pool.pending()) mine.push_back(std::move(lease));
    });
  for (auto& thread : threads) thread.join();
  size_t all = 0;
  for (const auto& mine : taken) all += mine.size();
  EXPECT_EQ(all, 100u);
}

TEST(PoolUses, ForgetsWhatNobodyUses) {
  PoolUses uses;
  const auto held = uses.of("held");
  uses.of("dropped");
  uses.forgetUnused();
  EXPECT_EQ(uses.all().size(), 1u);
  EXPECT_EQ(uses.of("held"), held);
}

}  // namespace
}  // namespace sluice::proxy
