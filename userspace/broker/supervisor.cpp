// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/supervisor.h"

#include <sys/epoll.h>

#include <chrono>
#include <csignal>
#include <utility>

#include "userspace/base/log.h"

namespace sluice::broker {

Supervisor::~Supervisor() {
  reactor_.cancel(timer_);
  if (child_) reactor_.remove(child_->pidfd());
}

Result<void> Supervisor::start() { return launch(); }

Result<void> Supervisor::launch() {
  auto channel = options_.open_channel();
  if (!channel.ok()) return std::move(channel).error();
  auto child = ChildProcess::start(options_.argv, *std::move(channel));
  if (!child.ok()) return std::move(child).error();
  SLUICE_TRY(reactor_.add(child->pidfd(), EPOLLIN, [this](uint32_t) { onExit(); }));
  child_.emplace(*std::move(child));
  started_ = reactor_.now();
  return {};
}

void Supervisor::launchLater(Duration delay) {
  timer_ = reactor_.after(delay, [this] {
    timer_ = 0;
    const auto launched = launch();
    if (launched.ok()) return;
    log::error("the agent cannot be started: {}", launched.error().message());
    launchLater(backoff_.next(Duration::zero()));
  });
}

void Supervisor::onExit() {
  reactor_.remove(child_->pidfd());
  const std::string how = child_->reap();
  child_.reset();
  if (stopping_) {
    reactor_.cancel(timer_);
    stopped_();
    return;
  }
  if (held_) {
    log::warn("the agent has ended: {}", how);
    const auto held = held_;  // it may release()
    return held();
  }
  const Duration delay = backoff_.next(reactor_.now() - started_);
  log::warn("the agent has ended: {}; starting it again in {} ms", how,
            std::chrono::duration_cast<std::chrono::milliseconds>(delay).count());
  launchLater(delay);
}

void Supervisor::restart() {
  if (child_ && !stopping_) child_->signal(SIGKILL);
}

void Supervisor::hold(std::function<void()> ended) {
  held_ = std::move(ended);
  if (!child_) reactor_.cancel(std::exchange(timer_, 0));
}

void Supervisor::release() {
  if (!std::exchange(held_, nullptr) || child_ || stopping_) return;
  launchLater(Duration::zero());
}

void Supervisor::stop(std::function<void()> stopped) {
  if (stopping_) return;
  if (child_) child_->signal(SIGTERM);
  awaitEnd(options_.stop_deadline, std::move(stopped));
}

void Supervisor::retire(Duration deadline, std::function<void()> stopped) {
  if (!stopping_) awaitEnd(deadline, std::move(stopped));
}

void Supervisor::awaitEnd(Duration deadline, std::function<void()> stopped) {
  stopping_ = true;
  stopped_ = std::move(stopped);
  reactor_.cancel(timer_);
  if (!child_) return reactor_.post(stopped_);
  timer_ = reactor_.after(deadline, [this] {
    log::warn("the agent does not stop: killing it");
    child_->signal(SIGKILL);
  });
}

}  // namespace sluice::broker
