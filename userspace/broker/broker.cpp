// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/broker.h"

#include <sys/resource.h>

#include "userspace/base/log.h"
#include "userspace/broker/connections.h"

namespace sluice::broker {

Result<void> raiseOpenFiles() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return Error::system("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return Error::system("setrlimit");
  return {};
}

Result<std::unique_ptr<Broker>> Broker::create(Reactor& reactor, Attachments& attachments,
                                               DataPlane& tables_view, std::vector<int> tables,
                                               const ConnectionStore& connection_store,
                                               Options options) {
  auto cgroups = Cgroups::find();
  if (!cgroups.ok()) return std::move(cgroups).error();
  auto visitor = NamespaceVisitor::create();
  if (!visitor.ok()) return std::move(visitor).error();
  std::unique_ptr<Broker> broker(new Broker(reactor, *std::move(cgroups), *std::move(visitor),
                                            attachments, tables_view, connection_store));
  auto* raw = broker.get();
  auto server = Server::create(
      reactor, raw->enrolments_, raw->connector_,
      {std::move(tables), options.workers, [raw](const Error& e) { raw->onSessionEnded(e); },
       [raw] { return raw->resetGone(); }, [raw] { raw->drains_.soon(); },
       [raw, connection_store] {
         return listConnections(raw->enrolments_, raw->visitor_, connection_store);
       },
       [raw](const Report& report, const auto& answer) { raw->onReport(report, answer); },
       std::move(options.sockets)});
  if (!server.ok()) return std::move(server).error();
  broker->server_ = *std::move(server);
  broker->supervisor_ = std::make_unique<Supervisor>(
      reactor, Supervisor::Options{std::move(options.agent), [raw] { return raw->server_->open(); },
                                   options.stop_deadline});
  broker->watchdog_ =
      std::make_unique<Watchdog>(reactor, tables_view, *broker->supervisor_, options.patience);
  broker->orders_ =
      std::make_unique<AgentOrders>(*raw->server_, *raw->supervisor_, *raw->watchdog_);
  broker->ready_ = std::move(options.ready);
  broker->serves_ = std::move(options.serves);
  broker->fails_ = std::move(options.fails);
  for (auto& [workload, inherited] : options.inherited)
    broker->enrolments_.inherit(workload, std::move(inherited));
  return broker;
}

Broker::Broker(Reactor& reactor, Cgroups cgroups, NamespaceVisitor visitor,
               Attachments& attachments, DataPlane& tables, const ConnectionStore& connection_store)
    : cgroups_(std::move(cgroups)),
      visitor_(std::move(visitor)),
      enrolments_(cgroups_, visitor_, attachments),
      leaving_(reactor),
      open_counts_(tables, connection_store),
      connector_(tables, enrolments_, leaving_, visitor_),
      reaper_(tables, connection_store),
      drainer_(tables, connection_store),
      drains_(reactor, [this] { return drain(); }) {
  enrolments_.follow({[this](WorkloadId workload, int cgroup, const NetworkNamespace& there) {
                        onAttaching(workload, cgroup, there);
                      },
                      [this](WorkloadId workload, Enrolments::Place place) {
                        onDetached(workload, std::move(place));
                      }});
}

void Broker::onAttaching(WorkloadId workload, int cgroup, const NetworkNamespace& there) {
  const auto taken =
      visitor_.visit(there, [&] { return open_counts_.takeAgain(workload, cgroup); });
  if (!taken) log::warn("count connections of a workload: {}", taken.error().message());
}

void Broker::onDetached(WorkloadId workload, Enrolments::Place place) {
  const auto given = visitor_.visit(
      place.network_namespace, [&] { return open_counts_.giveBack(workload, place.cgroup.get()); });
  if (!given)
    log::warn("take a workload's connections from the live ones: {}", given.error().message());
  else if (*given > 0)
    log::info("connections that go on without being counted: {}", *given);
  leaving_.add(workload, std::move(place.network_namespace));
}

void Broker::keepMembers() {
  if (auto kept = connector_.keepMembers(); !kept)
    log::warn("requests may fail whose endpoints go: {}", kept.error().message());
}

Result<void> Broker::resetGone() {
  uint32_t reset = 0;
  auto outcome = enrolments_.inEachNamespace([&]() -> Result<void> {
    auto here = reaper_.resetGone();
    if (!here) return std::move(here).error();
    reset += *here;
    return {};
  });
  if (reset > 0) log::info("connections reset because their endpoint no longer exists: {}", reset);
  return outcome;
}

void Broker::onReport(const Report& report, const std::function<void()>& answer) {
  if (report.event == static_cast<uint32_t>(Event::kReady)) return ready_(answer);
  if (report.event == static_cast<uint32_t>(Event::kDone)) orders_->reported(report.round);
  if (report.event == static_cast<uint32_t>(Event::kServes)) onServes();
  if (report.event == static_cast<uint32_t>(Event::kFails)) fails_();
  answer();
}

void Broker::onServes() {
  serves_();
  if (auto released = enrolments_.releaseHeld(); !released)
    log::warn("release workloads: {}", released.error().message());
}

/// Whether there is something left for another round.
bool Broker::drain() {
  const auto looked = enrolments_.inEachNamespace([this] { return drainer_.look(); });
  if (!looked) log::warn("look for connections that have left: {}", looked.error().message());
  const auto outcome = drainer_.finishRound();
  if (outcome.drained > 0)
    log::info("connections closed because their destination has left the route: {}",
              outcome.drained);
  if (outcome.rebalanced > 0)
    log::info("idle connections closed so that shares follow weights: {}", outcome.rebalanced);
  return outcome.left;
}

// An agent that is ending closes its channels too; killing it then changes nothing.
void Broker::onSessionEnded(const Error& error) {
  if (error.code() != Error::Code::kUnavailable) log::error("{}", error.message());
  supervisor_->restart();
}

}  // namespace sluice::broker
