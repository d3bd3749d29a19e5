// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace sluice {

namespace {
constexpr int kEventsPerRound = 256;
}

Result<std::unique_ptr<Reactor>> Reactor::create(const Clock& clock) {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return Error::system("epoll_create1");
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return Error::system("eventfd");
  const int wake_fd = wake.get();
  std::unique_ptr<Reactor> reactor(new Reactor(clock, std::move(epoll), std::move(wake)));
  SLUICE_TRY(reactor->add(wake_fd, EPOLLIN, [wake_fd](uint32_t) {
    uint64_t count = 0;
    // EAGAIN only says that another round has taken the count already.
    [[maybe_unused]] const auto n = ::read(wake_fd, &count, sizeof(count));
  }));
  return reactor;
}

Reactor::Reactor(const Clock& clock, Fd epoll, Fd wake)
    : clock_(clock),
      epoll_(std::move(epoll)),
      wake_(std::move(wake)),
      now_(clock.now()),
      timers_(now_) {}

Reactor::~Reactor() = default;

Result<void> Reactor::add(int fd, uint32_t events, Handler handler) {
  auto watch = std::make_unique<Watch>(Watch{std::move(handler)});
  epoll_event event{.events = events, .data = {.ptr = watch.get()}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return Error::system("epoll_ctl add");
  }
  watches_[fd] = std::move(watch);
  return {};
}

Result<void> Reactor::modify(int fd, uint32_t events) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return Error(Error::Code::kNotFound, "the fd is not watched");
  epoll_event event{.events = events, .data = {.ptr = found->second.get()}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) {
    return Error::system("epoll_ctl mod");
  }
  return {};
}

void Reactor::remove(int fd) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  found->second->removed = true;
  retired_.push_back(std::move(found->second));
  watches_.erase(found);
}

Reactor::TimerId Reactor::at(TimePoint due, Task task) { return timers_.arm(due, std::move(task)); }

void Reactor::cancel(TimerId timer) { timers_.cancel(timer); }

void Reactor::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
  }
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const auto n = ::write(wake_.get(), &one, sizeof(one));
}

void Reactor::run() {
  while (!stopped_) runOnce(std::chrono::hours(1));
  stopped_ = false;
}

void Reactor::stop() {
  stopped_ = true;
  post([] {});
}

void Reactor::runOnce(Duration longest) {
  std::array<epoll_event, kEventsPerRound> events;
  const int count =
      ::epoll_wait(epoll_.get(), events.data(), kEventsPerRound, waitMilliseconds(longest));
  now_ = clock_.now();
  for (const auto& event : std::span(events).first(count > 0 ? static_cast<size_t>(count) : 0)) {
    auto* watch = static_cast<Watch*>(event.data.ptr);
    if (!watch->removed) watch->handler(event.events);
  }
  timers_.run(now_);
  runPosted();
  retired_.clear();
  // What goes may put others here.
  while (!kept_.empty()) {
    std::swap(kept_, going_);
    going_.clear();
  }
}

void Reactor::runPosted() {
  {
    const std::lock_guard lock(mutex_);
    std::swap(running_, posted_);
  }
  for (auto& task : running_) task();
  running_.clear();
}

int Reactor::waitMilliseconds(Duration longest) {
  const TimePoint next = timers_.next();
  if (next != TimePoint::max()) longest = std::min(longest, next - clock_.now());
  if (longest <= Duration::zero()) return 0;
  // Rounded up: a timer that is due in 0.4 ms must not spin until then.
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(longest).count();
  return static_cast<int>(std::min<int64_t>(milliseconds, 3'600'000));
}

}  // namespace sluice
