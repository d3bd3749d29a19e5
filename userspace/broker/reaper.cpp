// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/reaper.h"

#include <arpa/inet.h>

#include <algorithm>

#include "maps/tables.hpp"
#include "userspace/broker/ending.h"

namespace sluice::broker {
namespace {

bool isAt(const endpoint& endpoint, const SocketAddress& address) {
  return endpoint.port == htons(address.port) &&
         std::ranges::equal(endpoint.address, address.ip.bytes);
}

}  // namespace

Result<uint32_t> Reaper::resetGone() {
  auto diag = SocketDiag::open();
  if (!diag) return std::move(diag).error();
  auto sockets = diag->sockets(store_.fd);
  if (!sockets) return std::move(sockets).error();
  uint32_t reset = 0;
  Result<void> outcome;
  for (const auto& socket : *sockets) {
    if (!isGone(socket)) continue;
    auto ended = end(*diag, socket, ENDING_GONE, tables_);
    if (ended)
      reset += *ended;
    else
      outcome = std::move(ended).error();
  }
  if (!outcome) return std::move(outcome).error();
  return reset;
}

/// An id may stand for another endpoint by now.
bool Reaper::isGone(const SeenSocket& socket) const {
  if (!isConnected(socket, store_)) return false;
  const auto endpoint = maps::View<Table::kEndpoints>(tables_).get(socket.remembered->endpoint);
  return endpoint.ok() && (endpoint->flags & ENDPOINT_GONE) != 0 && isAt(*endpoint, socket.peer());
}

}  // namespace sluice::broker
