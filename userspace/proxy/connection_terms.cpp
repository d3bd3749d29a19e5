// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/connection_terms.h"

namespace sluice::proxy {

namespace {

Upstream::Terms termsOf(const PoolSettings& settings, TimePoint now) {
  Upstream::Terms terms{.requests = settings.max_requests_per_connection,
                        .idle = settings.http_idle};
  if (settings.longest_connection) terms.until = now + *settings.longest_connection;
  return terms;
}

}  // namespace

void setTerms(const PoolSettings& settings, TimePoint now, int socket, Upstream& upstream) {
  if (settings.keepalive) setKeepalive(socket, *settings.keepalive);
  upstream.setTerms(termsOf(settings, now));
}

/// Without a timeout of its own a ping has until the next one.
Http2Terms Http2Terms::of(const routing::Cluster& cluster, TimePoint now) {
  Http2Terms terms;
  const auto& policy = cluster.settings->connection_pool;
  if (!policy) return terms;
  terms.connection = termsOf(PoolSettings::of(policy->value), now);
  const auto& http = policy->value.http;
  if (!http) return terms;
  if (http->max_concurrent_streams > 0)
    terms.streams = static_cast<uint32_t>(http->max_concurrent_streams);
  if (const auto& keepalive = http->http2_keep_alive; keepalive && keepalive->interval) {
    terms.ping_interval = *keepalive->interval;
    terms.ping_timeout = keepalive->timeout.value_or(*keepalive->interval);
  }
  return terms;
}

}  // namespace sluice::proxy
