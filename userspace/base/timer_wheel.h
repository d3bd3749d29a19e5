// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>

#include "userspace/base/clock.h"

namespace sluice {

/// Tasks that run once, later. Arming and cancelling take the same short time however many are
/// armed, and allocate nothing once as many have been: most timers are timeouts that are cancelled.
///
/// A hierarchical timing wheel (Varghese and Lauck 1987, scheme 7): level 0 has a slot for each of
/// the next 64 ms, level 1 one for each of the next 64 times 64 ms, and so on. A timer begins at
/// the level of its distance and moves down as its time comes nearer, at most once for each level.
///
/// Times are rounded up to whole milliseconds, the resolution of epoll_wait(2): nothing runs early,
/// and what is due in the same millisecond runs in the order in which it was armed. One thread.
class TimerWheel {
 public:
  using Task = std::function<void()>;
  using Id = uint64_t;  ///< never 0

  explicit TimerWheel(TimePoint now);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  Id arm(TimePoint due, Task task);
  /// Does nothing when the task has run, or for 0.
  void cancel(Id id);

  /// Runs what is due at `now`; tasks may arm and cancel. Time never goes back.
  void run(TimePoint now);
  /// When to call run() again: not later than the first timer is due, but perhaps earlier, to let
  /// some move down. TimePoint::max(): there are none.
  TimePoint next() const;

 private:
  static constexpr unsigned kSlotBits = 6;
  static constexpr unsigned kSlots = 1U << kSlotBits;
  static constexpr unsigned kLevels = 7;

  /// Milliseconds of the clock.
  using Tick = uint64_t;
  /// 139 years after the clock's epoch; what is due later waits there for ever.
  static constexpr Tick kLastTick = (Tick{1} << (kLevels * kSlotBits)) - 1;

  /// One of a ring, which a link alone is as well.
  struct Link {
    Link() = default;
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    Link* previous = this;
    Link* next = this;
  };
  struct Timer : Link {
    Task task;
    Tick due = 0;
    uint32_t slot = 0;   ///< where it waits, as an index of slots_
    uint32_t index = 0;  ///< of timers_
    uint32_t use = 1;    ///< the upper half of its id, so that ids of earlier uses are not its own
  };

  static void insertBefore(Link& place, Link& link);
  static void unlink(Link& link);
  static Timer& firstOf(Link& ring) { return static_cast<Timer&>(*ring.next); }
  void runFirst(Link& ring);
  void moveDown(Link& ring);
  Timer& unused();
  Task recycle(Timer& timer);
  void place(Timer& timer);
  void leave(Timer& timer);
  unsigned firstLevel() const;
  unsigned firstSlot(unsigned level) const;
  Tick beginOf(unsigned level, unsigned slot) const;

  Tick now_;                                          ///< what was due before has run
  std::array<Link, size_t{kLevels} * kSlots> slots_;  ///< rings of timers
  std::array<uint64_t, kLevels> occupied_{};          ///< a bit for each slot that has timers
  std::deque<Timer> timers_;                          ///< as many as were ever needed at once
  Link unused_;                                       ///< a ring of those that wait for a task
};

}  // namespace sluice
