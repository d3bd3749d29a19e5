// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/run_broker.h"

#include <csignal>

#include "loader/kernel.h"
#include "userspace/base/log.h"
#include "userspace/broker/broker.h"
#include "userspace/broker/signals.h"
#include "userspace/observe/version.h"

namespace sluice::agent {
namespace {

/// The loader, as the broker knows it.
class KernelAttachments final : public broker::Attachments {
 public:
  explicit KernelAttachments(loader::Kernel& kernel) : kernel_(kernel) {}

  Result<void> attach(WorkloadId workload, int cgroup) override {
    return kernel_.attach(workload, cgroup);
  }
  Result<void> detach(WorkloadId workload) override { return kernel_.detach(workload); }
  std::vector<WorkloadId> attached() const override { return kernel_.attached(); }

 private:
  loader::Kernel& kernel_;
};

/// Moves workloads that a version with other tables still steers over to this one, each as soon as
/// the agent has written what this one needs for it.
class Takeover {
 public:
  Takeover(Reactor& reactor, loader::Kernel& kernel) : reactor_(reactor), kernel_(kernel) {
    if (!kernel_.isTakingOver()) return;
    log::info("another version steers the workloads until this one can");
    look();
  }
  ~Takeover() { reactor_.cancel(timer_); }
  Takeover(const Takeover&) = delete;
  Takeover& operator=(const Takeover&) = delete;

 private:
  static constexpr Duration kPeriod = std::chrono::milliseconds(100);

  void look() {
    timer_ = 0;
    if (auto taken = kernel_.takeOver(); !taken)
      log::error("take over from another version, which goes on: {}", taken.error().message());
    if (kernel_.isTakingOver())
      timer_ = reactor_.after(kPeriod, [this] { look(); });
    else
      log::info("this version steers all workloads; what the other one had pinned is removed");
  }

  Reactor& reactor_;
  loader::Kernel& kernel_;
  Reactor::TimerId timer_ = 0;
};

/// Serves until a signal says stop.
Result<void> serve(Reactor& reactor, loader::Kernel& kernel, const Options& options) {
  KernelAttachments attachments(kernel);
  auto made = broker::Broker::create(
      reactor, attachments, kernel.dataPlane(), kernel.mapFds(), kernel.connectionStore(),
      {agentArguments("/proc/self/exe", options), options.workers, std::chrono::seconds(10),
       std::chrono::seconds(options.patience)});
  if (!made) return std::move(made).error();
  auto& broker = **made;
  auto signals = broker::Signals::watch(reactor, {SIGTERM, SIGINT}, [&](int number) {
    log::info("signal {}: stop", number);
    broker.stop([&] { reactor.stop(); });
  });
  if (!signals) return std::move(signals).error();
  SLUICE_TRY(broker.start());
  const Takeover takeover(reactor, kernel);
  log::info("sluiced {} is running; workloads that were attached already: {}", observe::version(),
            kernel.attached().size());
  reactor.run();
  return {};
}

}  // namespace

Result<void> runBroker(const Options& options) {
  SLUICE_TRY(log::setUp("sluiced[broker]", options.log_level));
  const SteadyClock clock;
  auto reactor = Reactor::create(clock);
  if (!reactor) return std::move(reactor).error();
  auto kernel = loader::Kernel::load({options.pin_root});
  if (!kernel) return std::move(kernel).error();
  return serve(**reactor, **kernel, options);
}

Result<void> uninstall(const Options& options) {
  SLUICE_TRY(log::setUp("sluiced", options.log_level));
  return loader::Kernel::uninstall(options.pin_root);
}

}  // namespace sluice::agent
