// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/mesh_run.h"

#include "tests/fuzz/config_checks.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/routing/same_routing.h"
#include "userspace/routing/explain.h"
#include "userspace/routing/resolve.h"

namespace sluice::test {
namespace {

using Mode = AgentSettings::HttpMode;

constexpr uint32_t kIds = 48;
constexpr uint32_t kSlots = 512;
/// Calls that are explained of one table.
constexpr size_t kCalls = 6;

std::shared_ptr<const Snapshot> inMode(Mode mode, const Snapshot& snapshot) {
  auto changed = std::make_shared<Snapshot>(snapshot);
  changed->agent.http_mode = mode;
  return changed;
}

bool same(const Routing& a, const Routing& b) { return RoutingDifference::between(a, b).empty(); }

/// A path that some rule of `route` asks for.
std::string pathFor(const routing::ServiceRoute& route) {
  for (const auto& rule : *route.rules)
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
  return store.unreadableFiles().empty() && store.counts().not_active == 0;
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
        Table::kEndpoints, Table::kEndpointLoad, Table::kServiceStats, Table::kClusterStats,
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
  in_force_ = hold_back_.update(admission_.update(store_.snapshot()).snapshot, in_force_).snapshot;
  by_address_ = address_resolver_.update(inMode(Mode::kService, *in_force_));
  by_host_ = host_resolver_.update(inMode(Mode::kIstio, *in_force_));
  steer(by_address_);
}

void MeshRun::explainCalls() const {
  explain(*by_address_);
  explain(*by_host_);
}

/// What does not fit is refused by name; that is no failure.
void MeshRun::steer(std::shared_ptr<const Routing> routing) {
  const auto refused = steering_->stage(*routing);
  FUZZ_REQUIRE(refused.ok());
  staged_ = std::move(routing);
  FUZZ_REQUIRE(steering_->publish().ok());
  clock_.advance(smallTables().grace + std::chrono::seconds(1));
  FUZZ_REQUIRE(steering_->retire().ok());
}

void MeshRun::checkAsAtOnce(const std::vector<source::SourceFile>& files) const {
  FUZZ_REQUIRE(same(*by_address_, routing::resolve(*inMode(Mode::kService, *in_force_))));
  FUZZ_REQUIRE(same(*by_host_, routing::resolve(*inMode(Mode::kIstio, *in_force_))));
  source::ResourceStore fresh;
  fresh.update(files);
  if (!isAllInForce(fresh)) return;
  for (const auto mode : {Mode::kService, Mode::kIstio})
    FUZZ_REQUIRE(same(routing::resolve(*inMode(mode, *store_.snapshot())),
                      routing::resolve(*inMode(mode, *fresh.snapshot()))));
}

}  // namespace sluice::test
