// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/drainer.h"

#include <utility>

#include "userspace/broker/ending.h"

namespace sluice::broker {
namespace {

/// One that has failed open may be where the proxy can never be reached, and would come back so.
bool followsItsRule(const connection& connection) { return connection.reason == REASON_STEERED; }

}  // namespace

Result<void> Drainer::look() {
  auto diag = SocketDiag::open();
  if (!diag) return std::move(diag).error();
  const auto sockets = diag->sockets(store_.fd, SocketDiag::Detail::kStorageAndUse);
  if (!sockets) return sockets.error();
  RouteCheck check(tables_);
  Result<void> failed;
  for (const auto& socket : *sockets) {
    if (!isConnected(socket, store_) || !followsItsRule(*socket.remembered)) continue;
    const auto fate = fateOf(*diag, socket, check);
    if (fate == Fate::kStays) continue;
    if (auto ended = end(*diag, socket, fate); !ended) failed = std::move(ended);
  }
  return failed;
}

Drainer::Outcome Drainer::finishRound() {
  outcome_.left |= surplus_.finishRound();
  return std::exchange(outcome_, {});
}

Drainer::Fate Drainer::fateOf(const SocketDiag& diag, const SeenSocket& socket, RouteCheck& check) {
  auto* route = check.routeOf(socket);
  if (route == nullptr) return Fate::kStays;
  if (check.hasLeft(socket, *route)) return fateOfLeaver(diag, socket, route->flags);
  if (route->shares.contains(socket.remembered->cluster) && (route->flags & ROUTE_REBALANCE) != 0)
    return fateOfOneOfMany(diag, socket, *route);
  return Fate::kStays;
}

Drainer::Fate Drainer::fateOfLeaver(const SocketDiag& diag, const SeenSocket& socket,
                                    uint8_t flags) {
  if ((flags & ROUTE_DRAIN_NOW) != 0) return Fate::kDrained;
  if ((flags & ROUTE_DRAIN_IDLE) == 0) return Fate::kStays;
  if (isStillIdle(diag, socket)) return Fate::kDrained;
  outcome_.left = true;
  return Fate::kStays;
}

Drainer::Fate Drainer::fateOfOneOfMany(const SocketDiag& diag, const SeenSocket& socket,
                                       const RouteCheck::Route& route) {
  const uint32_t cluster = socket.remembered->cluster;
  if (isIdle(socket, quiet_) && surplus_.take(route.id, cluster) && isStillIdle(diag, socket))
    return Fate::kRebalanced;
  surplus_.count(route.id, route.shares, cluster);
  return Fate::kStays;
}

/// The list may be old when its end is reached, and a request under way.
bool Drainer::isStillIdle(const SocketDiag& diag, const SeenSocket& socket) const {
  if (!isIdle(socket, quiet_)) return false;
  const auto now = diag.again(socket);
  return now.ok() && isIdle(*now, quiet_);
}

Result<void> Drainer::end(const SocketDiag& diag, const SeenSocket& socket, Fate fate) {
  const bool drained = fate == Fate::kDrained;
  auto ended = broker::end(diag, socket, drained ? ENDING_DRAINED : ENDING_REBALANCED, tables_);
  if (!ended) return std::move(ended).error();
  (drained ? outcome_.drained : outcome_.rebalanced) += *ended;
  return {};
}

}  // namespace sluice::broker
