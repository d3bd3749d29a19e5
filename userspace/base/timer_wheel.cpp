// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>

namespace sluice {

namespace {

using std::chrono::milliseconds;

uint64_t ticks(milliseconds time) {
  return static_cast<uint64_t>(std::max<int64_t>(time.count(), 0));
}
uint64_t lastTickBefore(TimePoint time) {
  return ticks(std::chrono::floor<milliseconds>(time.time_since_epoch()));
}
uint64_t firstTickFrom(TimePoint time) {
  return ticks(std::chrono::ceil<milliseconds>(time.time_since_epoch()));
}

}  // namespace

TimerWheel::TimerWheel(TimePoint now) : now_(lastTickBefore(now)) {}

TimerWheel::Id TimerWheel::arm(TimePoint due, Task task) {
  Timer& timer = unused();
  timer.task = std::move(task);
  timer.due = std::min(firstTickFrom(due), kLastTick);
  place(timer);
  return (Id{timer.use} << 32) | timer.index;
}

void TimerWheel::cancel(Id id) {
  const auto index = static_cast<uint32_t>(id);
  if (index >= timers_.size() || timers_[index].use != id >> 32) return;
  leave(timers_[index]);
  // Destroyed last: what it holds may end in calls to here.
  const Task gone = recycle(timers_[index]);
}

void TimerWheel::run(TimePoint now) {
  const Tick until = std::max(now_, lastTickBefore(now));
  for (unsigned level = firstLevel(); level < kLevels; level = firstLevel()) {
    const unsigned slot = firstSlot(level);
    if (beginOf(level, slot) > until) break;
    now_ = beginOf(level, slot);
    Link& ring = slots_[level * kSlots + slot];
    if (level == 0)
      runFirst(ring);
    else
      moveDown(ring);
  }
  now_ = until;
}

void TimerWheel::runFirst(Link& ring) {
  Timer& timer = firstOf(ring);
  leave(timer);
  recycle(timer)();
}

/// All of a slot: time goes on to the first of them next.
void TimerWheel::moveDown(Link& ring) {
  while (ring.next != &ring) {
    Timer& timer = firstOf(ring);
    leave(timer);
    place(timer);
  }
}

TimePoint TimerWheel::next() const {
  const unsigned level = firstLevel();
  if (level == kLevels) return TimePoint::max();
  return TimePoint(milliseconds(beginOf(level, firstSlot(level))));
}

void TimerWheel::insertBefore(Link& place, Link& link) {
  link.previous = place.previous;
  link.next = &place;
  place.previous->next = &link;
  place.previous = &link;
}

void TimerWheel::unlink(Link& link) {
  link.previous->next = link.next;
  link.next->previous = link.previous;
  link.previous = link.next = &link;
}

TimerWheel::Timer& TimerWheel::unused() {
  if (unused_.next == &unused_) {
    Timer& timer = timers_.emplace_back();
    timer.index = static_cast<uint32_t>(timers_.size() - 1);
    return timer;
  }
  Timer& timer = firstOf(unused_);
  unlink(timer);
  return timer;
}

/// The one used last is used next: it is still in the cache.
TimerWheel::Task TimerWheel::recycle(Timer& timer) {
  timer.use = std::max(timer.use + 1, 1U);
  insertBefore(*unused_.next, timer);
  return std::exchange(timer.task, nullptr);
}

/// Into the level of the highest digit (base kSlots) in which its time differs from now. So the
/// digits above are alike, all timers of a lower level are due before those of a higher one, and
/// within a level slots come in the order of their numbers: none wraps around.
void TimerWheel::place(Timer& timer) {
  const Tick due = std::max(timer.due, now_);
  const auto highest_bit = static_cast<unsigned>(std::bit_width((due ^ now_) | 1)) - 1;
  const unsigned level = highest_bit / kSlotBits;
  const auto slot = static_cast<unsigned>(due >> (level * kSlotBits)) % kSlots;
  timer.slot = level * kSlots + slot;
  insertBefore(slots_[timer.slot], timer);
  occupied_[level] |= uint64_t{1} << slot;
}

void TimerWheel::leave(Timer& timer) {
  unlink(timer);
  const Link& ring = slots_[timer.slot];
  if (ring.next == &ring) occupied_[timer.slot / kSlots] &= ~(uint64_t{1} << timer.slot % kSlots);
}

/// That has timers; kLevels: none has.
unsigned TimerWheel::firstLevel() const {
  const auto first = std::ranges::find_if(occupied_, [](uint64_t slots) { return slots != 0; });
  return static_cast<unsigned>(first - occupied_.begin());
}

unsigned TimerWheel::firstSlot(unsigned level) const {
  return static_cast<unsigned>(std::countr_zero(occupied_[level]));
}

/// When its timers are due, or move down.
TimerWheel::Tick TimerWheel::beginOf(unsigned level, unsigned slot) const {
  const unsigned shift = level * kSlotBits;
  const Tick round = now_ >> (shift + kSlotBits) << (shift + kSlotBits);
  return round + (Tick{slot} << shift);
}

}  // namespace sluice
