// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/run_broker.h"

#include <unistd.h>

#include <csignal>

#include "loader/kernel.h"
#include "userspace/agent/broker_sockets.h"
#include "userspace/base/log.h"
#include "userspace/broker/broker.h"
#include "userspace/broker/predecessor.h"
#include "userspace/broker/signals.h"
#include "userspace/broker/successor.h"
#include "userspace/model/schema.h"
#include "userspace/observe/version.h"

namespace sluice::agent {
namespace {

using namespace std::chrono_literals;

/// A sluiced that runs gives its place within this time, or does not at all.
constexpr Duration kLongestAsk = 60s;
/// Whoever takes another one's place serves within this time, or gives it back.
constexpr Duration kLongestTakeOver = 2min;
/// An agent whose place is taken asks for connections no longer than this: soon after, numbers that
/// it knows may stand for others (steering::Options::grace).
constexpr Duration kLastConnect = 50s;

/// The loader, as the broker knows it.
class KernelAttachments final : public broker::Attachments {
 public:
  explicit KernelAttachments(loader::Kernel& kernel) : kernel_(kernel) {}

  Result<void> attach(WorkloadId workload, int cgroup) override {
    return kernel_.attach(workload, cgroup);
  }
  Result<void> detach(WorkloadId workload) override { return kernel_.detach(workload); }
  bool isAttached(WorkloadId workload, int cgroup) const override {
    return kernel_.isAttached(workload, cgroup);
  }
  std::vector<WorkloadId> attached() const override { return kernel_.attached(); }
  Neighbours neighbours(int cgroup) const override { return kernel_.neighbours(cgroup); }

 private:
  loader::Kernel& kernel_;
};

/// Moves workloads that a version with other tables still steers over to this one, each as soon as
/// the agent has written what this one needs for it.
class Takeover {
 public:
  Takeover(Reactor& reactor, loader::Kernel& kernel, std::function<void()> done)
      : reactor_(reactor), kernel_(kernel), done_(std::move(done)) {}
  ~Takeover() { reactor_.cancel(timer_); }
  Takeover(const Takeover&) = delete;
  Takeover& operator=(const Takeover&) = delete;

  void start() {
    if (!kernel_.isTakingOver()) return;
    log::info("another version steers the workloads until this one can");
    look();
  }

 private:
  static constexpr Duration kPeriod = 100ms;

  void look() {
    reactor_.cancel(std::exchange(timer_, 0));
    if (auto taken = kernel_.takeOver(); !taken)
      log::error("take over from another version, which goes on: {}", taken.error().message());
    if (kernel_.isTakingOver()) {
      timer_ = reactor_.after(kPeriod, [this] { look(); });
      return;
    }
    log::info("this version steers all workloads; what the other one had pinned is removed");
    done_();
  }

  Reactor& reactor_;
  loader::Kernel& kernel_;
  std::function<void()> done_;
  Reactor::TimerId timer_ = 0;
};

/// The broker at work: from its predecessor's place, if there is one, until its successor has it,
/// or a signal says stop.
class Serving {
 public:
  Serving(Reactor& reactor, loader::Kernel& kernel, const Options& options,
          std::unique_ptr<broker::Predecessor> predecessor)
      : reactor_(reactor),
        kernel_(kernel),
        options_(options),
        predecessor_(std::move(predecessor)),
        attachments_(kernel),
        takeover_(reactor, kernel, [this] { settleIfDone(); }) {}
  ~Serving() { reactor_.cancel(deadline_); }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  Result<void> run() {
    SLUICE_TRY(makeBroker());
    SLUICE_TRY(makeSuccessor());
    auto signals = broker::Signals::watch(reactor_, {SIGTERM, SIGINT},
                                          [this](int number) { signalled(number); });
    if (!signals) return std::move(signals).error();
    if (predecessor_) SLUICE_TRY(beginToSucceed());
    SLUICE_TRY(broker_->start());
    takeover_.start();
    log::info("sluiced {} is running; workloads that were attached already: {}", observe::version(),
              kernel_.attached().size());
    reactor_.run();
    return std::move(outcome_);
  }

 private:
  Result<void> makeBroker() {
    auto sockets = openSockets(options_, kernel_.lock(), predecessor_.get());
    if (!sockets) return std::move(sockets).error();
    sockets_ = *std::move(sockets);
    broker::Broker::Options options{agentArguments("/proc/self/exe", options_), options_.workers,
                                    10s, std::chrono::seconds(options_.patience)};
    options.sockets = {sockets_.admin.get(), sockets_.metrics.get()};
    if (hasSameTables()) options.inherited = std::move(predecessor_->workloads);
    options.ready = [this](std::function<void()> go) { ready(std::move(go)); };
    options.serves = [this] {
      serves_ = true;
      settleIfDone();
    };
    options.fails = [this] {
      if (predecessor_ && !serves_) giveUp("it cannot put its configuration in force; see its log");
    };
    auto maps = kernel_.mapFds();
    maps.push_back(kernel_.events());
    auto made = broker::Broker::create(reactor_, attachments_, kernel_.dataPlane(), std::move(maps),
                                       kernel_.connectionStore(), std::move(options));
    if (!made) return std::move(made).error();
    broker_ = *std::move(made);
    return {};
  }

  // --- the place of another one ----------------------------------------------------------------

  /// Where the tables are others, the old one's numbers mean nothing here: what its programs steer
  /// is for its own listeners, until the last workload has this version's programs.
  bool hasSameTables() const { return predecessor_ && predecessor_->schema == kSchema; }

  Result<void> beginToSucceed() {
    SLUICE_TRY(predecessor_->watch(reactor_));
    broker_->succeed([this] { giveUp("its agent has ended"); });
    deadline_ = reactor_.after(kLongestTakeOver, [this] {
      giveUp("it has nothing in force after two minutes; see its log");
    });
    return {};
  }

  void ready(std::function<void()> go) {
    if (hasSameTables()) return predecessor_->stopAccepting(std::move(go));
    go();
  }

  void settleIfDone() {
    if (!predecessor_ || !serves_ || stopping_ || kernel_.isTakingOver()) return;
    predecessor_->taken();
    log::info("this sluiced has taken the place of the one before it");
    settle();
  }

  void settle() {
    reactor_.cancel(std::exchange(deadline_, 0));
    broker_->settle();
    reactor_.post([this] { predecessor_.reset(); });
  }

  /// The end of this process tells the other one. Where that has died there is no other.
  void giveUp(const char* why) {
    if (!predecessor_->isThere()) {
      log::warn("this sluiced goes on, as the one before it has died: {}", why);
      return settle();
    }
    outcome_ = Error(
        Error::Code::kUnavailable,
        std::string("this sluiced does not take over, and the one before it goes on: ") + why);
    reactor_.stop();
  }

  // --- this one's place ------------------------------------------------------------------------

  Result<void> makeSuccessor() {
    broker::Successor::Options options;
    options.schema = kSchema;
    options.sockets = &sockets_;
    options.drain = std::chrono::seconds(options_.drain);
    options.admit = [this] { return mayLeave(); };
    options.bequest = [this] {
      broker_->keepMembers();
      return broker_->enrolments().bequest();
    };
    options.taken_back = [this] { takeBack(); };
    options.left = [this](bool same_listeners) { leave(same_listeners); };
    options.ended = [this] { reactor_.stop(); };
    auto made = broker::Successor::create(reactor_, broker_->orders(), std::move(options));
    if (!made) return std::move(made).error();
    successor_ = *std::move(made);
    return {};
  }

  Result<void> mayLeave() const {
    if (stopping_) return Error(Error::Code::kUnavailable, "it is about to end");
    if (predecessor_ || kernel_.isTakingOver())
      return Error(Error::Code::kUnavailable, "it is itself taking over from another one");
    return {};
  }

  void takeBack() {
    broker_->forgetMembers();
    if (auto taken = kernel_.takeBack(); !taken)
      log::error("put this version's programs back: {}", taken.error().message());
    takeover_.start();
    if (stop_later_) reactor_.post([this] { stop(); });
  }

  /// What may not be here twice, nor outlive the successor.
  void leave(bool same_listeners) {
    kernel_.releaseLock();
    sockets_ = {};
    if (same_listeners) broker_->enrolments().closeListeners();
    broker_->stopDraining();
    reactor_.after(kLastConnect, [this] { broker_->closeConnector(); });
  }

  void signalled(int number) {
    if (successor_->hasTaken())
      return log::info("signal {}: this sluiced ends when its connections have", number);
    log::info("signal {}: stop", number);
    if (successor_->isThere())
      stop_later_ = true;
    else
      stop();
  }

  void stop() {
    stopping_ = true;
    broker_->stop([this] {
      if (!predecessor_) removeSockets(options_);
      reactor_.stop();
    });
  }

  Reactor& reactor_;
  loader::Kernel& kernel_;
  const Options& options_;
  std::unique_ptr<broker::Predecessor> predecessor_;  ///< until this one has its place
  KernelAttachments attachments_;
  Takeover takeover_;
  broker::PlaceSockets sockets_;
  std::unique_ptr<broker::Broker> broker_;
  std::unique_ptr<broker::Successor> successor_;
  Reactor::TimerId deadline_ = 0;
  bool serves_ = false;
  bool stopping_ = false;
  bool stop_later_ = false;  ///< a signal came while somebody is taking the place
  Result<void> outcome_;
};

/// Null: nobody is there, or this one is not to take anybody's place.
Result<std::unique_ptr<broker::Predecessor>> askForPlace(const Options& options) {
  if (!options.take_over) return std::unique_ptr<broker::Predecessor>();
  return broker::Predecessor::ask(broker::handoverPath(options.socket), kLongestAsk);
}

}  // namespace

Result<void> runBroker(const Options& options) {
  SLUICE_TRY(log::setUp("sluiced[broker]", options.log_level));
  SLUICE_TRY(broker::raiseOpenFiles());
  const SteadyClock clock;
  auto reactor = Reactor::create(clock);
  if (!reactor) return std::move(reactor).error();
  auto predecessor = askForPlace(options);
  if (!predecessor) return std::move(predecessor).error();
  auto kernel = loader::Kernel::load(
      {.pin_root = options.pin_root,
       .capacity = {.services = options.max_services, .endpoints = options.max_endpoints}},
      *predecessor ? std::move((*predecessor)->sockets.lock) : Fd());
  if (!kernel) return std::move(kernel).error();
  log::info("the kernel's tables: schema {}, {} addresses of services, {} endpoints", kSchema,
            (*kernel)->dataPlane().capacity(Table::kServices),
            (*kernel)->dataPlane().capacity(Table::kEndpoints));
  return Serving(**reactor, **kernel, options, *std::move(predecessor)).run();
}

Result<void> uninstall(const Options& options) {
  SLUICE_TRY(log::setUp("sluiced", options.log_level));
  return loader::Kernel::uninstall(options.pin_root);
}

}  // namespace sluice::agent
