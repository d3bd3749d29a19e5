// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/reaper.h"

#include <arpa/inet.h>

#include <algorithm>
#include <atomic>

#include "maps/tables.hpp"

namespace sluice::broker {
namespace {

/// One more, in memory that the kernel's programs add to as well.
void addOne(__u64& counter) { std::atomic_ref(counter).fetch_add(1, std::memory_order_relaxed); }

bool isAt(const endpoint& endpoint, const SocketAddress& address) {
  return endpoint.port == htons(address.port) &&
         std::ranges::equal(endpoint.address, address.ip.bytes);
}

template <Table table>
void countReset(DataPlane& tables, uint32_t id) {
  if (id == 0) return;
  if (auto* stats = maps::View<table>(tables).shared(id)) addOne(stats->reset);
}

}  // namespace

Result<uint32_t> Reaper::resetGone() {
  auto diag = SocketDiag::open();
  if (!diag) return std::move(diag).error();
  auto sockets = diag->sockets(store_);
  if (!sockets) return std::move(sockets).error();
  uint32_t reset = 0;
  Result<void> outcome;
  for (const auto& socket : *sockets) {
    if (!isGone(socket)) continue;
    auto destroyed = diag->destroy(socket);
    if (destroyed) {
      count(*socket.remembered);
      ++reset;
    } else if (destroyed.error().code() != Error::Code::kNotFound) {
      outcome = std::move(destroyed);
    }
  }
  if (!outcome) return std::move(outcome).error();
  return reset;
}

/// Ids of another schema's programs are those of other tables, and an id may stand for another
/// endpoint by now.
bool Reaper::isGone(const SeenSocket& socket) const {
  if (!socket.remembered || socket.remembered->schema != SLUICE_SCHEMA) return false;
  if (socket.remembered->endpoint == 0) return false;
  const auto endpoint = maps::View<Table::kEndpoints>(tables_).get(socket.remembered->endpoint);
  return endpoint.ok() && (endpoint->flags & ENDPOINT_GONE) != 0 && isAt(*endpoint, socket.peer());
}

void Reaper::count(const connection& connection) {
  countReset<Table::kServiceStats>(tables_, connection.binding);
  countReset<Table::kClusterStats>(tables_, connection.cluster);
  countReset<Table::kEndpointStats>(tables_, connection.endpoint);
  if (auto* gone = maps::View<Table::kEndings>(tables_).shared(ENDING_GONE)) addOne(*gone);
}

}  // namespace sluice::broker
