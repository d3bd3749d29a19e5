// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/connection_views.h"

#include <netinet/tcp.h>

#include <map>
#include <utility>

#include "maps/addresses.hpp"

namespace sluice::agent {
namespace {

using observe::Json;

constexpr const char* kReasons[] = {
#define REASON(id, label, text) label,
#include "maps/abi/reasons.def"
#undef REASON
};

/// The client's end: what the proxy and the kernel both know of a connection.
using End = std::pair<WorkloadId, SocketAddress>;
using Records = std::map<End, const connection*>;

std::string stateText(uint8_t state) {
  if (state == TCP_ESTABLISHED) return "established";
  return state == TCP_SYN_SENT ? "connecting" : "closing";
}

bool isProxied(const WorkloadConnection& connection) {
  return connection.record && (connection.record->flags & CONN_PROXIED) != 0;
}

int64_t secondsIn(Duration age) {
  return std::chrono::duration_cast<std::chrono::seconds>(age).count();
}

/// What the kernel alone knows, also of connections that went to the proxy.
void addRecord(const connection& record, Json& view) {
  view["destination"] = maps::addressOf(record).text();
  view["reason"] = reasonText(record.reason);
}

Json proxyView(const proxy::ConnectionInfo& session, const ConnectionNames& names,
               const Records& records, TimePoint now) {
  Json view = {{"workload", names.workload(session.workload)},
               {"client", session.client.text()},
               {"service", names.of(NAME_SERVICE, session.service.value, now - session.age)},
               {"path", "proxy"},
               {"endpoint", names.of(NAME_ENDPOINT, session.endpoint.value, now)},
               {"state", session.state},
               {"requests", session.requests},
               {"ageSeconds", secondsIn(session.age)}};
  if (const auto known = records.find({session.workload, session.client}); known != records.end())
    addRecord(*known->second, view);
  return view;
}

Json kernelView(const WorkloadConnection& connection, const ConnectionNames& names, TimePoint now) {
  const auto& record = *connection.record;
  const TimePoint opened{std::chrono::nanoseconds(record.opened_ns)};
  Json view = {{"workload", names.workload(connection.workload)},
               {"client", connection.client.text()},
               {"service", names.of(NAME_SERVICE, record.service, opened)},
               {"path", isProxied(connection) ? "proxy" : "connect"},
               {"endpoint", names.of(NAME_ENDPOINT, record.endpoint, opened)},
               {"state", stateText(connection.state)}};
  addRecord(record, view);
  view["ageSeconds"] = secondsIn(now - opened);
  return view;
}

}  // namespace

std::string reasonText(uint16_t reason) {
  return reason < std::size(kReasons) ? kReasons[reason] : "unknown";
}

Json connectionViews(const std::vector<WorkloadConnection>& in_kernel,
                     const std::vector<proxy::ConnectionInfo>& in_proxy,
                     const ConnectionNames& names, TimePoint now) {
  Records proxied;
  for (const auto& connection : in_kernel)
    if (isProxied(connection))
      proxied[{connection.workload, connection.client}] = &*connection.record;
  Json views = Json::array();
  for (const auto& session : in_proxy) {
    views.push_back(proxyView(session, names, proxied, now));
    proxied.erase({session.workload, session.client});
  }
  for (const auto& connection : in_kernel) {
    if (!connection.record) continue;
    const bool shown =
        isProxied(connection) && !proxied.contains({connection.workload, connection.client});
    if (!shown) views.push_back(kernelView(connection, names, now));
  }
  return views;
}

Json unsteeredViews(const std::vector<WorkloadConnection>& in_kernel, const ConnectionNames& names,
                    const std::function<bool(const SocketAddress& peer)>& is_steered) {
  Json views = Json::array();
  for (const auto& connection : in_kernel) {
    if (connection.record || !is_steered(connection.peer)) continue;
    views.push_back({{"workload", names.workload(connection.workload)},
                     {"client", connection.client.text()},
                     {"path", "none"},
                     {"destination", connection.peer.text()},
                     {"state", stateText(connection.state)}});
  }
  return views;
}

}  // namespace sluice::agent
