// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/upstream_channel.h"

#include "userspace/base/log.h"
#include "userspace/proxy/context.h"
#include "userspace/proxy/tls_channel.h"

namespace sluice::proxy {

namespace {

uint64_t& counterOf(tls::FailureKind kind, WorkerStats& stats) {
  switch (kind) {
#define FAILURE(Name, name, meaning) \
  case tls::FailureKind::k##Name:    \
    return stats.tls_##name;
#include "userspace/proxy/tls/failures.def"
#undef FAILURE
  }
  return stats.tls_protocol;
}

}  // namespace

Upstream::Key Transport::key(WorkloadId workload, const SocketAddress& address,
                             const ClusterPool* limits) const {
  Upstream::Key key{.workload = workload, .address = address};
  if (limits != nullptr) key.limits = limits->number();
  if (!tls) return key;
  key.tls = tls->id();
  key.server_name = host;
  return key;
}

std::shared_ptr<Channel> Transport::channel(Reactor& reactor, Fd socket,
                                            const SocketAddress& address, bool http2) const {
  if (!tls) return std::make_shared<SocketChannel>(reactor, std::move(socket));
  const tls::Peer peer{.address = address, .host = host, .http2 = http2};
  return std::make_shared<TlsChannel>(reactor, std::move(socket), tls, peer);
}

const ChannelFailure* noteFailure(Context& context, const Channel& channel) {
  const auto* failure = channel.failure();
  if (failure == nullptr) return failure;
  ++counterOf(failure->why.kind, context.stats);
  if (failure->client->shouldSay(failure->why.kind, context.reactor.now()))
    log::warn("TLS with {}: {}", failure->server.text(), failure->why.text());
  return failure;
}

}  // namespace sluice::proxy
