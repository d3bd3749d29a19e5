// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/mesh_run.h"

#include <algorithm>

#include "tests/fuzz/config_checks.h"
#include "tests/fuzz/fuzz.h"
#include "userspace/routing/explain.h"
#include "userspace/routing/hold_back.h"
#include "userspace/routing/resolve.h"

namespace sluice::test {
namespace {

using routing::RouteTable;
using routing::Routing;
using routing::VirtualHosts;
using Mode = AgentSettings::HttpMode;

constexpr uint32_t kIds = 48;
constexpr uint32_t kSlots = 512;
/// Calls that are explained of one table.
constexpr size_t kCalls = 6;

Routing resolveIn(Mode mode, const Snapshot& snapshot) {
  Snapshot changed = snapshot;
  changed.agent.http_mode = mode;
  return routing::resolve(changed);
}

bool same(const std::shared_ptr<const routing::ServiceRoute>& a,
          const std::shared_ptr<const routing::ServiceRoute>& b) {
  return a == b || (a && b && *a == *b);
}

bool same(const VirtualHosts& a, const VirtualHosts& b) {
  const auto equal = [](const auto& x, const auto& y) {
    return x.first == y.first && same(x.second, y.second);
  };
  return std::ranges::equal(a.exact, b.exact, equal) &&
         std::ranges::equal(a.wildcards, b.wildcards, equal);
}

bool same(const routing::RangeRoute& a, const routing::RangeRoute& b) {
  return a.subnet == b.subnet && a.port == b.port && a.sni_hosts == b.sni_hosts &&
         same(a.route, b.route);
}

bool same(const routing::ServiceRoutes& a, const routing::ServiceRoutes& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [key, route] : a) {
    const auto* other = b.find(key);
    if (other == nullptr || !same(route, *other)) return false;
  }
  return true;
}

bool same(const RouteTable& a, const RouteTable& b) {
  const auto equal = [](const auto& x, const auto& y) {
    return x.first == y.first && same(x.second, y.second);
  };
  return a.class_name == b.class_name && a.outbound_mode == b.outbound_mode &&
         a.aliases == b.aliases && same(a.services, b.services) &&
         std::ranges::equal(a.virtual_hosts, b.virtual_hosts, equal) &&
         std::ranges::equal(a.ranges, b.ranges,
                            [](const auto& x, const auto& y) { return same(x, y); });
}

bool same(const Routing& a, const Routing& b) {
  return a.workload_class == b.workload_class &&
         std::ranges::equal(a.tables, b.tables, [](const auto& x, const auto& y) {
           return x.first == y.first && same(x.second, y.second);
         });
}

/// A path that some rule of `route` asks for.
std::string pathFor(const routing::ServiceRoute& route) {
  for (const auto& rule : route.rules)
    for (const auto& match : rule.matches)
      if (match.uri && match.uri->value.starts_with('/')) return match.uri->value;
  return "/";
}

void explainCall(const Routing& routing, const std::string& from,
                 const routing::ServiceRoute& route) {
  for (const auto protocol : {routing::CallProtocol::kHttp, routing::CallProtocol::kTls}) {
    routing::ExplainRequest call;
    call.from = from;
    call.host = route.service.host;
    call.port = route.service.port;
    call.path = pathFor(route);
    call.headers = {{"x-user", "web"}};
    call.protocol = protocol;
    // Validation has compiled every expression once.
    FUZZ_REQUIRE(routing::explain(routing, call).ok());
  }
}

void explainTable(const Routing& routing, const std::string& from, const RouteTable& table) {
  size_t calls = 0;
  for (const auto& [key, route] : table.services)
    if (calls++ < kCalls) explainCall(routing, from, *route);
  for (const auto& [port, hosts] : table.virtual_hosts)
    for (const auto& [host, route] : hosts.exact)
      if (calls++ < 2 * kCalls) explainCall(routing, from, *route);
}

void explain(const Routing& routing) {
  explainTable(routing, "", routing.tables.at({}));
  for (const auto& [key, number] : routing.workload_class)
    explainTable(routing, key, routing.tables.at(number));
}

/// What is wrong in some place may be in force as it was before.
bool isAllInForce(const source::ResourceStore& store) {
  const auto statuses = store.statuses();
  return store.unreadableFiles().empty() && std::ranges::all_of(statuses, [](const auto& status) {
           return status.state == source::ResourceStatus::State::kActive;
         });
}

steering::Options smallTables() {
  steering::Options options;
  options.ids.fill(kIds);
  options.slots = kSlots;
  return options;
}

}  // namespace

MeshRun::MeshRun() {
  for (const auto table :
       {Table::kServices, Table::kExceptions, Table::kBindings, Table::kRoutes, Table::kClusters,
        Table::kEndpoints, Table::kEndpointActive, Table::kServiceStats, Table::kClusterStats,
        Table::kEndpointStats, Table::kServiceRequests, Table::kClusterRequests,
        Table::kEndpointRequests})
    tables_.limit(table, kIds + 1);
  for (const auto table : {Table::kRouteSlots, Table::kClusterSlots}) tables_.limit(table, kSlots);
  auto steering = steering::Steering::create(tables_, clock_, smallTables());
  FUZZ_REQUIRE(steering.ok());
  steering_ = *std::move(steering);
}

void MeshRun::update(std::vector<source::SourceFile> files) {
  store_.update(std::move(files));
  checkDiagnostics(store_.diagnostics());
  in_force_ = routing::holdBack(store_.snapshot(), *in_force_).snapshot;
  steer(std::make_shared<const Routing>(resolveIn(Mode::kService, *in_force_)));
}

void MeshRun::explainCalls() const {
  for (const auto mode : {Mode::kService, Mode::kIstio}) explain(resolveIn(mode, *in_force_));
}

/// What does not fit is refused by name; that is no failure.
void MeshRun::steer(std::shared_ptr<const Routing> routing) {
  const auto refused = steering_->stage(*routing);
  FUZZ_REQUIRE(refused.ok());
  staged_ = std::move(routing);
  FUZZ_REQUIRE(steering_->publish().ok());
  clock_.pass(smallTables().grace + std::chrono::seconds(1));
  FUZZ_REQUIRE(steering_->retire().ok());
}

void MeshRun::checkAsAtOnce(const std::vector<source::SourceFile>& files) const {
  source::ResourceStore fresh;
  fresh.update(files);
  if (!isAllInForce(fresh)) return;
  for (const auto mode : {Mode::kService, Mode::kIstio})
    FUZZ_REQUIRE(same(resolveIn(mode, *store_.snapshot()), resolveIn(mode, *fresh.snapshot())));
}

}  // namespace sluice::test
