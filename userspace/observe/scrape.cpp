// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/scrape.h"

#include <map>

#include "userspace/observe/metrics.h"
#include "userspace/observe/traffic.h"
#include "userspace/observe/version.h"

namespace sluice::observe {
namespace {

constexpr std::string_view kCodeClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
static_assert(std::size(kCodeClasses) == std::size(request_stats{}.responses));

double number(uint64_t count) { return static_cast<double>(count); }

void addServices(MetricsPage& page, const Traffic& traffic) {
  for (const auto& [service, counters] : traffic.services) {
    const auto& connections = counters.connections;
    page.add(Metric::kConnectionsOpened, {service}, number(connections.opened));
    page.add(Metric::kConnectionsEstablished, {service}, number(connections.established));
    page.add(Metric::kConnectionsFailed, {service}, number(connections.failed));
    page.add(Metric::kConnectionsGivenUp, {service}, number(connections.given_up));
    page.add(Metric::kConnectionsClosed, {service}, number(connections.closed));
    page.add(Metric::kConnectionBytes, {service, "sent"}, number(connections.sent_bytes));
    page.add(Metric::kConnectionBytes, {service, "received"}, number(connections.received_bytes));
    for (size_t i = 0; i < std::size(kCodeClasses); ++i)
      page.add(Metric::kRequests, {service, kCodeClasses[i]},
               number(counters.requests.responses[i]));
  }
}

void addClusters(MetricsPage& page, const Traffic& traffic) {
  for (const auto& [host, port, subset, counters] : traffic.clusters) {
    page.add(Metric::kClusterConnectionsOpened, {host, port, subset},
             number(counters.connections.opened));
    page.add(Metric::kClusterConnectionsFailed, {host, port, subset},
             number(counters.connections.failed));
    page.add(Metric::kClusterUpstreamConnections, {host, port, subset},
             number(counters.requests.upstream_connections));
    for (size_t i = 0; i < std::size(kCodeClasses); ++i)
      page.add(Metric::kClusterRequests, {host, port, subset, kCodeClasses[i]},
               number(counters.requests.responses[i]));
  }
}

void addClusterFacts(MetricsPage& page, const std::vector<ClusterFacts>& clusters) {
  std::map<ClusterName, ClusterFacts> by_name;
  for (const auto& facts : clusters) {
    const auto name = splitCluster(facts.cluster);
    if (!name) continue;
    auto& sum = by_name[*name];
    sum.ejected += facts.ejected;
    sum.ejections += facts.ejections;
    sum.held_ejections += facts.held_ejections;
    sum.overflows += facts.overflows;
  }
  for (const auto& [name, sum] : by_name) {
    const auto& [host, port, subset] = name;
    page.add(Metric::kEjectedEndpoints, {host, port, subset}, number(sum.ejected));
    page.add(Metric::kEjections, {host, port, subset}, number(sum.ejections));
    page.add(Metric::kHeldEjections, {host, port, subset}, number(sum.held_ejections));
    page.add(Metric::kOverflows, {host, port, subset}, number(sum.overflows));
  }
}

double unixSeconds(const AgentFacts& facts) {
  if (!facts.last_success) return 0;
  return std::chrono::duration<double>(facts.last_success->time_since_epoch()).count();
}

void addFacts(MetricsPage& page, const AgentFacts& facts) {
  page.add(Metric::kBuildInfo, {version()}, 1);
  page.add(Metric::kConfigRevision, {}, number(facts.revision));
  page.add(Metric::kConfigLastSuccess, {}, unixSeconds(facts));
  page.add(Metric::kConfigRejected, {}, number(facts.rejected_resources));
  page.add(Metric::kWorkloads, {"enrolled"}, number(facts.workloads_enrolled));
  page.add(Metric::kWorkloads, {"pending"}, number(facts.workloads_pending));
  for (const auto& [code, workloads] : facts.neighbours)
    page.add(Metric::kNeighbours, {code}, number(workloads));
  for (const auto& [event, count] : facts.proxy_events)
    page.add(Metric::kProxyEvents, {event}, number(count));
  page.add(Metric::kProxyConnections, {}, number(facts.proxy_connections));
  page.add(Metric::kDnsNames, {"resolved"}, number(facts.names.resolved));
  page.add(Metric::kDnsNames, {"unresolved"}, number(facts.names.unresolved));
  page.add(Metric::kDnsLookups, {"answered"}, number(facts.names.answered));
  page.add(Metric::kDnsLookups, {"empty"}, number(facts.names.empty));
  page.add(Metric::kDnsLookups, {"failed"}, number(facts.names.failed));
}

}  // namespace

Result<std::string> scrape(DataPlane& data_plane, const AgentFacts& facts) {
  auto traffic = readTraffic(data_plane);
  if (!traffic) return std::move(traffic).error();
  auto reasons = readReasons(data_plane);
  if (!reasons) return std::move(reasons).error();
  auto endings = readEndings(data_plane);
  if (!endings) return std::move(endings).error();
  MetricsPage page;
  addFacts(page, facts);
  addServices(page, *traffic);
  addClusters(page, *traffic);
  addClusterFacts(page, facts.clusters);
  addMaps(page, facts.maps);
  addRequests(page, facts.requests, facts.compat);
  for (const auto& reason : *reasons) page.add(Metric::kPath, {reason.label}, number(reason.count));
  for (const auto& ending : *endings)
    page.add(Metric::kConnectionsEnded, {ending.label}, number(ending.count));
  return page.text();
}

}  // namespace sluice::observe
