// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/counters.h"

#include <algorithm>
#include <atomic>

namespace sluice::proxy {

namespace {

// Relaxed: readers want the sums, not an order.
void increment(__u64& counter) { std::atomic_ref(counter).fetch_add(1, std::memory_order_relaxed); }

}  // namespace

template <typename Visitor>
void Counters::each(BindingId binding, ClusterId cluster, EndpointId endpoint, Visitor visitor) {
  const auto visit = [&](request_stats* stats) {
    if (stats != nullptr) visitor(*stats);
  };
  if (binding) visit(services_.shared(binding.value));
  if (cluster) visit(clusters_.shared(cluster.value));
  if (endpoint) visit(endpoints_.shared(endpoint.value));
}

void Counters::request(BindingId binding, ClusterId cluster, EndpointId endpoint, int status) {
  // Codes from 600 on are 5xx (RFC 9110 §15).
  const size_t kind = static_cast<size_t>(std::min(status / 100, 5));
  each(binding, cluster, endpoint, [kind](request_stats& stats) {
    increment(stats.requests);
    increment(stats.responses[kind]);
  });
}

void Counters::upstreamConnection(BindingId binding, ClusterId cluster, EndpointId endpoint) {
  each(binding, cluster, endpoint,
       [](request_stats& stats) { increment(stats.upstream_connections); });
}

}  // namespace sluice::proxy
