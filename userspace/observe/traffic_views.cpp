// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/traffic_views.h"

namespace sluice::observe {
namespace {

Json view(std::string_view kind, const std::string& name, const std::string& subset,
          const Counters& counters) {
  const auto& [connections, requests] = counters;
  return {{"kind", kind},
          {"name", name},
          {"subset", subset},
          {"opened", connections.opened},
          {"established", connections.established},
          {"failed", connections.failed},
          {"givenUp", connections.given_up},
          {"closed", connections.closed},
          {"reset", connections.reset},
          {"active", nullptr},
          {"sentBytes", connections.sent_bytes},
          {"receivedBytes", connections.received_bytes},
          {"requests", requests.requests},
          {"responsesNone", requests.responses[0]},
          {"responses1xx", requests.responses[1]},
          {"responses2xx", requests.responses[2]},
          {"responses3xx", requests.responses[3]},
          {"responses4xx", requests.responses[4]},
          {"responses5xx", requests.responses[5]},
          {"upstreamConnections", requests.upstream_connections}};
}

}  // namespace

Json trafficItems(const Traffic& traffic) {
  Json items = Json::array();
  for (const auto& [service, counters] : traffic.services)
    items.push_back(view("service", service, "", counters));
  for (const auto& [host, port, subset, counters] : traffic.clusters)
    items.push_back(view("destination", host + ":" + port, subset, counters));
  for (const auto& [address, active, counters] : traffic.endpoints) {
    items.push_back(view("endpoint", address, "", counters));
    items.back()["active"] = active;
  }
  for (const auto& [route, opened] : traffic.routes) {
    Counters counters;
    counters.connections.opened = opened;
    items.push_back(view("route", route, "", counters));
  }
  return items;
}

}  // namespace sluice::observe
