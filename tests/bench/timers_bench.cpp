// SPDX-License-Identifier: Apache-2.0
// What a timeout that does not happen costs, by the number of timers that are armed: the wheel, and
// a sorted map, which is what it has replaced.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "userspace/base/timer_wheel.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr size_t kCounts[] = {10, 1'000, 100'000};
constexpr int kRounds = 21;
constexpr int kOperations = 20'000;

class SortedTimers {
 public:
  uint64_t arm(TimePoint due, std::function<void()> task) {
    const uint64_t id = next_++;
    tasks_.emplace(std::pair(due, id), std::move(task));
    due_.emplace(id, due);
    return id;
  }
  void cancel(uint64_t id) {
    const auto found = due_.find(id);
    tasks_.erase({found->second, id});
    due_.erase(found);
  }

 private:
  std::map<std::pair<TimePoint, uint64_t>, std::function<void()>> tasks_;
  std::unordered_map<uint64_t, TimePoint> due_;
  uint64_t next_ = 1;
};

/// That this thread has used.
double cpuNanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Nanoseconds to arm a timer and cancel one armed before, with `count` others; the median.
template <typename Timers>
double nanoseconds(Timers& timers, size_t count) {
  const TimePoint start = std::chrono::steady_clock::now();
  const auto dueOf = [&](size_t i) { return start + 1s + Duration(i % 1000 * 14'000'000); };
  std::vector<uint64_t> armed;
  for (size_t i = 0; i < count; ++i) armed.push_back(timers.arm(dueOf(i * 7919), [] {}));
  std::vector<double> rounds;
  size_t at = 0;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = cpuNanoseconds();
    for (int i = 0; i < kOperations; ++i) {
      timers.cancel(std::exchange(armed[at % count], timers.arm(dueOf(at * 31), [] {})));
      at += 7919;  // not in the order of arming
    }
    rounds.push_back((cpuNanoseconds() - begin) / kOperations);
  }
  std::ranges::nth_element(rounds, rounds.begin() + kRounds / 2);
  return rounds[kRounds / 2];
}

void print(size_t count) {
  TimerWheel wheel{std::chrono::steady_clock::now()};
  SortedTimers sorted;
  fmt::print("{:>8} {:>10.1f} {:>12.1f}\n", count, nanoseconds(wheel, count),
             nanoseconds(sorted, count));
}

}  // namespace
}  // namespace sluice::test

int main() {
  fmt::print("ns to arm and cancel a timer\n{:>8} {:>10} {:>12}\n", "armed", "wheel", "sorted map");
  for (const size_t count : sluice::test::kCounts) sluice::test::print(count);
}
