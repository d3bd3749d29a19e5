// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/pool_settings.h"

#include <gtest/gtest.h>

namespace sluice::proxy {
namespace {

using namespace std::chrono_literals;

TEST(PoolSettings, ZeroIsTheDefault) {
  ConnectionPoolSettings zeros;
  zeros.tcp.emplace().connect_timeout = 0s;
  zeros.tcp->max_connection_duration = 0s;
  zeros.tcp->idle_timeout = 0s;
  zeros.http.emplace().idle_timeout = 0s;
  EXPECT_EQ(PoolSettings::of(zeros), PoolSettings());
}

TEST(PoolSettings, EachLimitIsItsOwn) {
  ConnectionPoolSettings pool;
  pool.tcp.emplace().max_connections = 1;
  pool.tcp->connect_timeout = 2s;
  pool.tcp->idle_timeout = 3s;
  pool.tcp->max_connection_duration = 4s;
  auto& http = pool.http.emplace();
  http.http1_max_pending_requests = 5;
  http.http2_max_requests = 6;
  http.max_requests_per_connection = 7;
  http.idle_timeout = 8s;
  PoolSettings wanted;
  wanted.max_connections = 1;
  wanted.connect_timeout = 2s;
  wanted.tunnel_idle = 3s;
  wanted.longest_connection = 4s;
  wanted.max_pending = 5;
  wanted.max_requests = 6;
  wanted.max_requests_per_connection = 7;
  wanted.http_idle = 8s;
  EXPECT_EQ(PoolSettings::of(pool), wanted);
}

}  // namespace
}  // namespace sluice::proxy
