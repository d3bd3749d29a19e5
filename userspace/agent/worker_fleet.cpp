// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/worker_fleet.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <mutex>
#include <thread>

#include "userspace/agent/request_metrics.h"
#include "userspace/base/duplicate.h"
#include "userspace/base/log.h"
#include "userspace/base/random.h"
#include "userspace/broker/client.h"
#include "userspace/broker/leaving.h"

namespace sluice::agent {
namespace {

/// How long clients of a workload that is not steered any more may leave a connection idle. Shorter
/// than the broker opens others for them.
constexpr Duration kIdle = std::chrono::seconds(20);
static_assert(kIdle < broker::Leaving::kLongest);

/// Listeners of one workload for one worker.
Result<std::vector<proxy::ListenerSpec>> copyListeners(WorkloadId workload,
                                                       const Enrolled& enrolled,
                                                       const proxy::Lease::Count& connections) {
  std::vector<proxy::ListenerSpec> specs;
  const auto add = [&](const Fd& socket, int family, uint16_t port) -> Result<void> {
    if (!socket) return {};
    auto copy = duplicate(socket.get(), "a listener");
    if (!copy) return std::move(copy).error();
    specs.push_back({workload, *std::move(copy), family, port, connections});
    return {};
  };
  SLUICE_TRY(add(enrolled.listener4, AF_INET, enrolled.listener4_port));
  SLUICE_TRY(add(enrolled.listener6, AF_INET6, enrolled.listener6_port));
  return specs;
}

/// Five eighths of the descriptors are anybody's; the rest is for workloads whose clients have less
/// than an eighth as connections, each of which may need another one to a server.
void shareDescriptors(proxy::WorkerOptions& options) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto all = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, INT_MAX));
  options.scarce_descriptor = all / 8 * 5;
  options.connections_per_workload = static_cast<uint32_t>(all / 8);
}

using Specs = std::vector<proxy::ListenerSpec>;

void replaceListeners(proxy::Worker& worker, WorkloadId workload, Specs specs) {
  worker.removeListener(workload);
  for (auto& spec : specs)
    if (auto added = worker.addListener(std::move(spec)); !added)
      log::error("accept connections of a workload: {}", added.error().message());
}

}  // namespace

struct WorkerFleet::Member {
  /// On the worker's thread, again and again.
  void publishStats();

  SystemRandom random;
  RequestMetrics requests;
  std::unique_ptr<Reactor> reactor;
  std::unique_ptr<broker::SocketClient> sockets;
  std::unique_ptr<proxy::Worker> worker;
  std::thread thread;
  std::mutex mutex;
  proxy::WorkerStats published;  ///< guarded by `mutex`
};

void WorkerFleet::Member::publishStats() {
  {
    const std::lock_guard lock(mutex);
    published = worker->stats();
  }
  reactor->after(std::chrono::seconds(1), [this] { publishStats(); });
}

Result<std::unique_ptr<WorkerFleet>> WorkerFleet::start(Reactor& control, const Clock& clock,
                                                        DataPlane& data_plane, Options options) {
  shareDescriptors(options.worker);
  std::unique_ptr<WorkerFleet> fleet(new WorkerFleet(control, clock));
  for (auto& channel : options.channels)
    SLUICE_TRY(fleet->add(clock, data_plane, std::move(channel), options));
  for (const auto& member : fleet->members_)
    member->thread = std::thread([raw = member.get()] {
      raw->publishStats();
      raw->reactor->run();
    });
  return fleet;
}

Result<void> WorkerFleet::add(const Clock& clock, DataPlane& data_plane, Fd channel,
                              const Options& options) {
  auto member = std::make_unique<Member>();
  auto reactor = Reactor::create(clock);
  if (!reactor) return std::move(reactor).error();
  member->reactor = *std::move(reactor);
  auto sockets =
      broker::SocketClient::create(*member->reactor, std::move(channel),
                                   [&control = control_, lost = options.lost](const Error& error) {
                                     control.post([lost, error] { lost(error); });
                                   });
  if (!sockets) return std::move(sockets).error();
  member->sockets = *std::move(sockets);
  member->worker = std::make_unique<proxy::Worker>(
      *member->reactor, *member->sockets, data_plane, member->random, retry_limits_, options.worker,
      proxy::Observers{options.log, &member->requests});
  members_.push_back(std::move(member));
  return {};
}

WorkerFleet::WorkerFleet(Reactor& control, const Clock& clock)
    : control_(control), retry_limits_(clock) {}

WorkerFleet::~WorkerFleet() {
  for (const auto& member : members_) member->reactor->stop();
  for (const auto& member : members_)
    if (member->thread.joinable()) member->thread.join();
  // From here on this thread is the only one: workers first, they use everything else.
  for (const auto& member : members_) member->worker.reset();
}

/// A function to call once on each worker's thread; after the last call `done` runs on the
/// control thread.
std::function<void()> WorkerFleet::whenAllAre(std::function<void()> done) const {
  struct Rest {
    size_t left;
    std::function<void()> done;
  };
  auto rest = std::make_shared<Rest>(Rest{members_.size(), std::move(done)});
  return [&control = control_, rest] {
    control.post([rest] {
      if (--rest->left == 0) rest->done();
    });
  };
}

void WorkerFleet::onEach(std::function<void()> done, const Task& task) {
  const auto ready = whenAllAre(std::move(done));
  for (const auto& member : members_)
    member->reactor->post([worker = member->worker.get(), task, ready] { task(*worker, ready); });
}

void WorkerFleet::setConfig(std::shared_ptr<const proxy::ProxyConfig> config,
                            std::function<void()> done) {
  onEach(std::move(done), [config = std::move(config)](proxy::Worker& worker, const auto& ready) {
    worker.setConfig(config);
    ready();
  });
}

Result<void> WorkerFleet::listen(WorkloadId workload, const Enrolled& enrolled) {
  auto& connections = connections_[workload];
  if (!connections) connections = std::make_shared<std::atomic<uint32_t>>(0);
  for (const auto& member : members_) {
    auto specs = copyListeners(workload, enrolled, connections);
    if (!specs) return std::move(specs).error();
    // A task can be copied, sockets cannot: they travel in a shared box.
    const auto box = std::make_shared<Specs>(*std::move(specs));
    member->reactor->post([worker = member->worker.get(), workload, box] {
      replaceListeners(*worker, workload, std::move(*box));
    });
  }
  return {};
}

void WorkerFleet::unlisten(WorkloadId workload) {
  connections_.erase(workload);
  for (const auto& member : members_)
    member->reactor->post(
        [worker = member->worker.get(), workload] { worker->leave(workload, kIdle); });
}

void WorkerFleet::connections(std::function<void(std::vector<proxy::ConnectionInfo>)> answer) {
  const auto all = std::make_shared<std::vector<proxy::ConnectionInfo>>();
  const auto ready = whenAllAre([all, answer = std::move(answer)] { answer(std::move(*all)); });
  for (const auto& member : members_)
    member->reactor->post([&control = control_, worker = member->worker.get(), all, ready] {
      // Appended on the control thread, in order before ready(): no lock is needed.
      control.post([all, mine = worker->connections()] {
        all->insert(all->end(), mine.begin(), mine.end());
      });
      ready();
    });
}

void WorkerFleet::comeRound(std::function<void()> done) {
  onEach(std::move(done), [](proxy::Worker&, const auto& ready) { ready(); });
}

proxy::WorkerStats WorkerFleet::stats() const {
  proxy::WorkerStats sum;
  for (const auto& member : members_) {
    const std::lock_guard lock(member->mutex);
    sum += member->published;
  }
  return sum;
}

observe::Requests WorkerFleet::requests(const std::map<WorkloadId, std::string>& names) const {
  observe::Requests sum;
  for (const auto& member : members_) member->requests.collect(names, sum);
  return sum;
}

void WorkerFleet::stopAccepting(std::function<void()> done) {
  onEach(std::move(done), [](proxy::Worker& worker, const auto& ready) {
    worker.stopAccepting();
    ready();
  });
}

void WorkerFleet::retire(Duration patience, Duration deadline, std::function<void()> done) {
  onEach(std::move(done), [patience, deadline](proxy::Worker& worker, const auto& ready) {
    worker.retire(patience, deadline, ready);
  });
}

void WorkerFleet::drain(Duration deadline, std::function<void()> done) {
  onEach(std::move(done),
         [deadline](proxy::Worker& worker, const auto& ready) { worker.drain(deadline, ready); });
}

}  // namespace sluice::agent
