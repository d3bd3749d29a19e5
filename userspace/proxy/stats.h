// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::proxy {

/// Counters of one worker since its start, and some gauges. The list is stats.def.
struct WorkerStats {
#define COUNTER(name, help) uint64_t name = 0;
#include "userspace/proxy/stats.def"
#undef COUNTER
  size_t open_connections = 0;  ///< of clients
  size_t idle_upstreams = 0;
  size_t mirrors_in_flight = 0;
  size_t lent_buffers = 0;  ///< blocks that hold bytes of some connection

  WorkerStats& operator+=(const WorkerStats& other) {
#define COUNTER(name, help) name += other.name;
#include "userspace/proxy/stats.def"
#undef COUNTER
    open_connections += other.open_connections;
    idle_upstreams += other.idle_upstreams;
    mirrors_in_flight += other.mirrors_in_flight;
    lent_buffers += other.lent_buffers;
    return *this;
  }
};

/// visitor(name, help, value) for each counter.
template <typename Visitor>
void eachCounter(const WorkerStats& stats, Visitor visitor) {
#define COUNTER(name, help) visitor(#name, help, stats.name);
#include "userspace/proxy/stats.def"
#undef COUNTER
}

}  // namespace sluice::proxy
