// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/ending.h"

#include <atomic>

#include "maps/tables.hpp"

namespace sluice::broker {
namespace {

/// One more, in memory that the kernel's programs add to as well.
void addOne(__u64& counter) { std::atomic_ref(counter).fetch_add(1, std::memory_order_relaxed); }

template <Table table>
void countReset(DataPlane& tables, uint32_t id) {
  if (id == 0) return;
  if (auto* stats = maps::View<table>(tables).shared(id)) addOne(stats->reset);
}

void count(const connection& connection, sluice_ending why, DataPlane& tables) {
  countReset<Table::kServiceStats>(tables, connection.binding);
  countReset<Table::kClusterStats>(tables, connection.cluster);
  countReset<Table::kEndpointStats>(tables, connection.endpoint);
  if (auto* ended = maps::View<Table::kEndings>(tables).shared(why)) addOne(*ended);
}

}  // namespace

Result<bool> end(const SocketDiag& diag, const SeenSocket& socket, sluice_ending why,
                 DataPlane& tables) {
  auto destroyed = diag.destroy(socket);
  if (!destroyed && destroyed.error().code() == Error::Code::kNotFound) return false;
  if (!destroyed) return std::move(destroyed).error();
  count(*socket.remembered, why, tables);
  return true;
}

bool isConnected(const SeenSocket& socket, const ConnectionStore& store) {
  return socket.remembered && socket.remembered->edition == store.edition &&
         socket.remembered->endpoint != 0;
}

}  // namespace sluice::broker
