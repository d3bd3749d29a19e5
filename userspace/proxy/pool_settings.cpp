// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/pool_settings.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>

namespace sluice::proxy {
namespace {

uint32_t limitOf(int32_t value) {
  return value <= 0 ? PoolSettings::kNoLimit : static_cast<uint32_t>(value);
}

std::optional<Duration> positive(const std::optional<std::chrono::nanoseconds>& value) {
  return value && value->count() > 0 ? value : std::nullopt;
}

void setNumber(int socket, int level, int option, int64_t value) {
  const int number = static_cast<int>(std::min<int64_t>(value, std::numeric_limits<int>::max()));
  ::setsockopt(socket, level, option, &number, sizeof(number));
}

void setSeconds(int socket, int option, const std::optional<std::chrono::nanoseconds>& value) {
  if (!value) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*value).count();
  setNumber(socket, IPPROTO_TCP, option, std::max<int64_t>(1, seconds));
}

}  // namespace

PoolSettings PoolSettings::of(const ConnectionPoolSettings& policy) {
  PoolSettings settings;
  if (const auto& tcp = policy.tcp) {
    settings.max_connections = limitOf(tcp->max_connections);
    settings.connect_timeout = positive(tcp->connect_timeout);
    settings.tunnel_idle = positive(tcp->idle_timeout);
    settings.longest_connection = positive(tcp->max_connection_duration);
    settings.keepalive = tcp->tcp_keepalive;
  }
  if (const auto& http = policy.http) {
    settings.max_pending = limitOf(http->http1_max_pending_requests);
    settings.max_requests = limitOf(http->http2_max_requests);
    settings.max_requests_per_connection = limitOf(http->max_requests_per_connection);
    settings.http_idle = positive(http->idle_timeout);
  }
  return settings;
}

void setKeepalive(int socket, const TcpKeepalive& keepalive) {
  setNumber(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (keepalive.probes) setNumber(socket, IPPROTO_TCP, TCP_KEEPCNT, *keepalive.probes);
  setSeconds(socket, TCP_KEEPIDLE, keepalive.time);
  setSeconds(socket, TCP_KEEPINTVL, keepalive.interval);
}

}  // namespace sluice::proxy
