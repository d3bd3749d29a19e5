// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/run_agent.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "loader/event_ring.h"
#include "loader/map_data_plane.h"
#include "userspace/agent/access_log.h"
#include "userspace/agent/admin_commands.h"
#include "userspace/agent/connection_names.h"
#include "userspace/agent/heartbeat.h"
#include "userspace/agent/map_uses.h"
#include "userspace/agent/metrics_server.h"
#include "userspace/agent/status_view.h"
#include "userspace/agent/worker_fleet.h"
#include "userspace/base/duplicate.h"
#include "userspace/base/log.h"
#include "userspace/broker/client.h"
#include "userspace/broker/protocol.h"
#include "userspace/broker/sandbox.h"
#include "userspace/broker/signals.h"
#include "userspace/observe/scrape.h"

namespace sluice::agent {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestJoin = 10s;
/// Shorter than the broker's patience, after which it kills.
constexpr Duration kDrain = 8s;
/// How long a client may leave a connection idle that is to end with its next response: longer than
/// between two requests that follow each other, and shorter than what the kernel's tables forget
/// takes to be used again (steering::Options::grace), with time for a request.
constexpr Duration kIdle = 20s;

/// What must be opened before the sandbox closes.
struct Opened {
  broker::Session session;
  /// They ask the kernel for each map's shape, which the sandbox does not allow.
  std::unique_ptr<loader::MapDataPlane> data_plane;
  std::unique_ptr<loader::EventRing> events;
  Fd admin;    ///< stays here, so that it can be heard again
  Fd metrics;  ///< the same
};

/// The last of `maps`, which it takes.
Result<std::unique_ptr<loader::EventRing>> openEvents(std::vector<Fd>& maps) {
  if (maps.empty()) return Error(Error::Code::kInvalid, "the broker has handed over no maps");
  Fd ring = std::move(maps.back());
  maps.pop_back();
  return loader::EventRing::open(std::move(ring));
}

Result<Opened> openAll() {
  auto session = broker::join(broker::kControlFd, kLongestJoin);
  if (!session) return std::move(session).error();
  auto events = openEvents(session->tables);
  if (!events) return std::move(events).error();
  auto data_plane = loader::MapDataPlane::create(std::move(session->tables));
  if (!data_plane) return std::move(data_plane).error();
  if (session->sockets.size() != 2)
    return Error(Error::Code::kInvalid, "the broker has sent no sockets to listen on");
  auto admin = std::move(session->sockets[0]), metrics = std::move(session->sockets[1]);
  return Opened{*std::move(session), *std::move(data_plane), *std::move(events), std::move(admin),
                std::move(metrics)};
}

/// The parts of a running agent, in the order in which they need each other.
class Agent {
 public:
  Agent(const Options& options, Opened opened)
      : options_(options),
        opened_(std::move(opened)),
        broker_(::getppid()),
        data_plane_(std::move(opened_.data_plane)) {}

  Result<void> run() {
    SLUICE_TRY(makeBase());
    SLUICE_TRY(makeWorkers());
    SLUICE_TRY(makeBroker());
    SLUICE_TRY(makeControl());
    SLUICE_TRY(makeServers());
    reactor_->run();
    return std::move(outcome_);
  }

 private:
  Result<void> makeBase() {
    auto reactor = Reactor::create(clock_);
    if (!reactor) return std::move(reactor).error();
    reactor_ = *std::move(reactor);
    auto signals = broker::Signals::watch(*reactor_, {SIGTERM, SIGINT}, [this](int) { stop(); });
    if (!signals) return std::move(signals).error();
    signals_ = *std::move(signals);
    return {};
  }

  Result<void> makeWorkers() {
    SLUICE_TRY(makeAccessLog());
    auto fleet = WorkerFleet::start(
        *reactor_, clock_, *data_plane_,
        {std::move(opened_.session.workers), {}, access_log_.get(), [this](const Error& e) {
           lost(e);
         }});
    if (!fleet) return std::move(fleet).error();
    fleet_ = *std::move(fleet);
    return {};
  }

  Result<void> makeAccessLog() {
    if (options_.access_log == "off") return {};
    Fd out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!out) return Error::system("write the access log to stdout");
    const auto which = options_.access_log == "all" ? AccessLogWriter::Which::kAll
                                                    : AccessLogWriter::Which::kErrors;
    const auto format =
        options_.access_log_format == "json" ? AccessLogFormat::kJson : AccessLogFormat::kText;
    access_log_ = std::make_unique<AccessLogWriter>(which, format, std::move(out));
    return {};
  }

  Result<void> makeBroker() {
    auto workloads = broker::WorkloadClient::create(
        *reactor_, Fd(broker::kControlFd), [this](const Error& error) { lost(error); },
        [this](const broker::Command& command) { ordered(command); });
    if (!workloads) return std::move(workloads).error();
    workloads_ = *std::move(workloads);
    return {};
  }

  Result<void> makeControl() {
    auto steering = steering::Steering::create(*data_plane_, clock_);
    if (!steering) return std::move(steering).error().in("take over what the kernel holds");
    steering_ = *std::move(steering);
    rollout_ = std::make_unique<Rollout>(*reactor_, *data_plane_, *steering_, *fleet_,
                                         resolve::DnsSettings{.servers = options_.dns_servers});
    rollout_->onGoneEndpoints([this] {
      workloads_->resetGone([](const Result<void>& reset) {
        if (!reset)
          log::warn("reset connections to endpoints that are gone: {}", reset.error().message());
      });
    });
    rollout_->onRerouted([this] {
      workloads_->drain([](const Result<void>& asked) {
        if (!asked) log::warn("look for connections that left: {}", asked.error().message());
      });
    });
    enroller_ = std::make_unique<Enroller>(*reactor_, *workloads_, enrolmentEvents());
    rollout_->beforeFirst([this](const std::function<void()>& go) {
      enroller_->whenAttempted([this, go] { workloads_->report(broker::Event::kReady, 0, go); });
    });
    rollout_->onFirst([this] { workloads_->report(broker::Event::kServes, 0, [] {}); });
    rollout_->onNothing([this] { workloads_->report(broker::Event::kFails, 0, [] {}); });
    auto configuration = Configuration::open(*reactor_, options_.config, *rollout_, *enroller_);
    if (!configuration) return std::move(configuration).error();
    configuration_ = *std::move(configuration);
    heartbeat_ = std::make_unique<Heartbeat>(*reactor_, *fleet_, *data_plane_);
    return {};
  }

  Enroller::Events enrolmentEvents() {
    return {[this](WorkloadId id, const Workload& workload, Enrolled what) {
              rollout_->enrolled(id, workload.metadata.key(), std::move(what));
            },
            [this](WorkloadId id) { rollout_->gone(id); }};
  }

  Result<void> makeServers() {
    auto observers = Observers::create(*reactor_, *data_plane_, *opened_.events,
                                       [this] { return connectionNames(*enroller_, *steering_); });
    if (!observers) return std::move(observers).error();
    observers_ = *std::move(observers);
    commands_ = std::make_unique<AdminCommands>(
        AdminCommands::Parts{broker_, *data_plane_, *steering_, *rollout_, *enroller_, *fleet_,
                             *workloads_, *configuration_, *observers_});
    auto admin_socket = duplicate(opened_.admin.get(), "the admin socket");
    if (!admin_socket) return std::move(admin_socket).error();
    auto metrics_socket = duplicate(opened_.metrics.get(), "the socket of the metrics");
    if (!metrics_socket) return std::move(metrics_socket).error();
    auto admin = AdminServer::create(
        *reactor_, *std::move(admin_socket),
        [this](const auto& request, const auto& reply) { commands_->handle(request, reply); });
    if (!admin) return std::move(admin).error();
    admin_ = *std::move(admin);
    auto metrics = MetricsServer::create(*reactor_, *std::move(metrics_socket),
                                         [this](std::string_view path) { return page(path); });
    if (!metrics) return std::move(metrics).error();
    metrics_ = *std::move(metrics);
    return {};
  }

  std::optional<Page> page(std::string_view path) const {
    if (path == "/metrics") return metricsPage();
    if (path == "/healthz") return Page{200, "ok\n"};
    if (path != "/readyz") return std::nullopt;
    return rollout_->routing() ? Page{200, "ready\n"} : Page{503, "no configuration in force\n"};
  }

  observe::MetricsCompat compat() const {
    return options_.metrics_compat == "istio" ? observe::MetricsCompat::kIstio
                                              : observe::MetricsCompat::kNone;
  }

  observe::NameFacts nameFacts() const {
    const auto& names = rollout_->names();
    const auto& counters = names.counters();
    observe::NameFacts facts{
        .answered = counters.answered, .empty = counters.empty, .failed = counters.failed};
    for (const auto& [name, state] : names.states())
      ++(state.addresses.empty() ? facts.unresolved : facts.resolved);
    return facts;
  }

  Page metricsPage() const {
    const auto workloads = enroller_->status();
    std::map<WorkloadId, std::string> names;
    for (const auto& status : workloads) names[status.id] = status.workload->metadata.key();
    const auto enrolled = countEnrolled(workloads);
    const auto proxy = fleet_->stats();
    observe::AgentFacts facts{.revision = rollout_->status().revision,
                              .last_success = rollout_->status().last_success,
                              .rejected_resources = configuration_->store().counts().not_active,
                              .workloads_enrolled = enrolled,
                              .workloads_pending = workloads.size() - enrolled,
                              .neighbours = countNeighbours(workloads),
                              .clusters = rollout_->clusters().facts(),
                              .proxy_events = {},
                              .proxy_connections = proxy.open_connections,
                              .names = nameFacts(),
                              .requests = fleet_->requests(names),
                              .compat = compat()};
    proxy::eachCounter(proxy, [&](std::string_view name, const char*, uint64_t count) {
      facts.proxy_events.emplace_back(name, count);
    });
    for (const auto& status : workloads) {
      const auto& metadata = status.workload->metadata;
      facts.requests.sources[metadata.key()] =
          observe::SourceLabels::of(metadata.name, metadata.labels);
    }
    auto maps = mapUses(*data_plane_, *steering_);
    if (!maps) return {503, maps.error().message() + "\n"};
    facts.maps = *std::move(maps);
    auto text = observe::scrape(*data_plane_, facts);
    if (!text) return {503, text.error().message() + "\n"};
    return {200, *std::move(text)};
  }

  /// What belongs to the place that another sluiced takes: docs/adr/0013-handover.md.
  void ordered(const broker::Command& command) {
    const auto done = [this, round = command.round] {
      workloads_->report(broker::Event::kDone, round, [] {});
    };
    switch (static_cast<broker::Order>(command.order)) {
      case broker::Order::kPause:
        pause();
        return done();
      case broker::Order::kResume:
        return resume();
      case broker::Order::kStopAccepting:
        return fleet_->stopAccepting(done);
      case broker::Order::kRetire:
        return retire(std::chrono::seconds(command.seconds));
    }
  }

  /// Everything but the proxy goes, as if the agent had died: what a fresh one can make again.
  void pause() {
    metrics_.reset();
    admin_.reset();
    commands_.reset();
    observers_.reset();
    heartbeat_.reset();
    configuration_.reset();
    enroller_.reset();
    rollout_.reset();
    steering_.reset();
  }

  void resume() {
    auto made = makeControl();
    if (made) made = makeServers();
    if (made) return;
    outcome_ = std::move(made).error().in("go on after another sluiced has failed");
    reactor_->stop();
  }

  void retire(Duration deadline) {
    stopping_ = true;
    opened_.admin.reset();
    opened_.metrics.reset();
    fleet_->retire(kIdle, deadline, [this] { reactor_->stop(); });
  }

  void stop() {
    if (std::exchange(stopping_, true)) return;
    log::info("stop: finish the requests that are running");
    fleet_->drain(kDrain, [this] { reactor_->stop(); });
  }

  /// The broker's supervisor starts a successor, or has gone too.
  void lost(const Error& error) {
    if (!stopping_) outcome_ = Error(error).in("the broker has gone");
    reactor_->stop();
  }

  const Options& options_;
  Opened opened_;
  const pid_t broker_;
  std::unique_ptr<loader::MapDataPlane> data_plane_;
  const SteadyClock clock_;
  Result<void> outcome_;
  bool stopping_ = false;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<broker::Signals> signals_;
  std::unique_ptr<AccessLogWriter> access_log_;
  std::unique_ptr<WorkerFleet> fleet_;
  std::unique_ptr<broker::WorkloadClient> workloads_;
  std::unique_ptr<steering::Steering> steering_;
  std::unique_ptr<Rollout> rollout_;
  std::unique_ptr<Enroller> enroller_;
  std::unique_ptr<Configuration> configuration_;
  std::unique_ptr<Heartbeat> heartbeat_;
  std::unique_ptr<Observers> observers_;
  std::unique_ptr<AdminCommands> commands_;
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<MetricsServer> metrics_;
};

}  // namespace

Result<void> runAgent(const Options& options) {
  SLUICE_TRY(log::setUp("sluiced[agent]", options.log_level));
  auto opened = openAll();
  if (!opened) return std::move(opened).error();
  SLUICE_TRY(broker::enterSandbox());
  return Agent(options, *std::move(opened)).run();
}

}  // namespace sluice::agent
