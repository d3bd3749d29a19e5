// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "userspace/base/clock.h"
#include "userspace/base/fd.h"
#include "userspace/base/result.h"
#include "userspace/base/timer_wheel.h"

namespace sluice {

/// One thread's event loop over epoll. Everything but post() and stop() belongs to the thread
/// that calls run(); handlers run there, one after the other, and may add or remove anything,
/// themselves included.
class Reactor {
 public:
  /// `events` as in epoll_event (EPOLLIN, EPOLLOUT, …).
  using Handler = std::function<void(uint32_t events)>;
  using Task = std::function<void()>;
  using TimerId = TimerWheel::Id;  ///< never 0

  static Result<std::unique_ptr<Reactor>> create(const Clock& clock);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  /// Watches `fd`, which stays the caller's and must be removed before it is closed.
  Result<void> add(int fd, uint32_t events, Handler handler);
  Result<void> modify(int fd, uint32_t events);
  /// Does nothing for an fd that is not watched. No event of `fd` is delivered after it.
  void remove(int fd);

  /// Runs `task` once, not before `due`; TimerWheel says how exactly.
  TimerId at(TimePoint due, Task task);
  TimerId after(Duration delay, Task task) { return at(now() + delay, std::move(task)); }
  /// Does nothing when the timer has fired already, or for 0.
  void cancel(TimerId timer);

  /// Lets nothing that is at work in this round lose what it stands on.
  void keepForThisRound(std::shared_ptr<void> object) { kept_.push_back(std::move(object)); }

  /// Time at the start of the current round; cheap.
  TimePoint now() const { return now_; }

  /// Runs `task` on the reactor's thread, soon. From any thread.
  void post(Task task);

  /// Until stop().
  void run();
  /// Waits at most `longest` for something to do, does it, returns. For tests.
  void runOnce(Duration longest);
  /// From any thread, or a handler.
  void stop();

 private:
  struct Watch {
    Handler handler;
    bool removed = false;
  };

  Reactor(const Clock& clock, Fd epoll, Fd wake);
  void runPosted();
  int waitMilliseconds(Duration longest);

  const Clock& clock_;
  Fd epoll_;
  Fd wake_;
  TimePoint now_;
  std::atomic<bool> stopped_ = false;
  std::unordered_map<int, std::unique_ptr<Watch>> watches_;
  std::vector<std::unique_ptr<Watch>> retired_;  ///< removed, perhaps named by this round's events
  std::vector<std::shared_ptr<void>> kept_;
  std::vector<std::shared_ptr<void>> going_;  ///< here and in running_ for the memory alone
  TimerWheel timers_;
  std::mutex mutex_;
  std::vector<Task> posted_;
  std::vector<Task> running_;
};

}  // namespace sluice
