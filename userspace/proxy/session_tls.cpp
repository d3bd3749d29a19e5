// SPDX-License-Identifier: Apache-2.0
// Destinations that are encrypted.
#include "userspace/proxy/session.h"
#include "userspace/proxy/tls/client.h"
#include "userspace/routing/names.h"

namespace sluice::proxy {

namespace {

/// "a.example" of "A.example:443", "::1" of "[::1]".
std::string nameOf(std::string_view authority) {
  auto host = routing::withoutPort(authority);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return routing::toLower(host);
}

}  // namespace

Upstream::Key Session::upstreamKey() const {
  return exchange_.transport.key(origin_.workload, exchange_.endpoint->address,
                                 exchange_.cluster->pool.get());
}

/// False when nothing can be sent; the request has been answered then.
bool Session::chooseTransport() {
  const ProxyCluster& cluster = *exchange_.cluster;
  exchange_.transport = {.tls = cluster.tls, .host = {}};
  if (!cluster.tls) return true;
  if (const auto& problem = cluster.tls->problem()) {
    ++context_.stats.tls_unusable;
    exchange_.transport_failure = "unusable: " + problem->message();
    // What is wrong with which file is the operator's business, not that of whoever calls.
    reply(kUnusablePolicy);
    return false;
  }
  exchange_.transport.host = hostFor(cluster);
  return true;
}

/// Where TLS asks for it the host that the server is told (Envoy: auto_sni); else empty.
std::string Session::hostFor(const ProxyCluster& cluster) {
  if (!cluster.tls || exchange_.opaque || !cluster.tls->asksForHost()) return {};
  if (cluster.edits && !cluster.edits->host.empty()) return nameOf(cluster.edits->host);
  return nameOf(authorityOf(requestHead()));
}

/// Null where the connection has not failed by its encryption.
const ChannelFailure* Session::noteTransport() {
  const auto* failure = upstream_ ? noteFailure(context_, upstream_->channel()) : nullptr;
  exchange_.transport_failure = failure == nullptr ? std::string() : failure->why.text();
  return failure;
}

void Session::connectFailed() {
  ++context_.stats.upstream_connect_failures;
  if (noteTransport() == nullptr) return tryFailed(TryFailure::kConnect, kConnectFailure);
  // Envoy tells the client as well.
  const std::string text = std::string(kConnectFailure.body) +
                           ", transport failure reason: " + exchange_.transport_failure;
  LocalReply otherwise = kConnectFailure;
  otherwise.body = text;
  tryFailed(TryFailure::kConnect, otherwise);
}

}  // namespace sluice::proxy
