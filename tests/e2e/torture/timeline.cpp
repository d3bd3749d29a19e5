// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/torture/timeline.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <new>
#include <vector>

namespace sluice::test::torture {
namespace {

/// 0: not yet.
bool notBefore(uint64_t time, uint64_t limit) { return time == 0 || time >= limit; }

std::string ago(uint64_t time, uint64_t now) {
  return time == 0 ? "not yet"
                   : fmt::format("{:+.3f} s",
                                 (static_cast<double>(time) - static_cast<double>(now)) / 1e9);
}

}  // namespace

uint64_t nowNs() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

std::unique_ptr<Timeline, void (*)(Timeline*)> Timeline::make() {
  void* memory =
      ::mmap(nullptr, sizeof(Timeline), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  // The pages are zero: nothing is written that is not needed.
  return {new (memory) Timeline, [](Timeline* mapped) { ::munmap(mapped, sizeof(Timeline)); }};
}

void Timeline::change(const World& world) {
  const uint32_t next = changes_.load();
  if (next == kMostChanges) std::abort();
  change_[next].world = world;
  change_[next].begun = nowNs();
  changes_ = next + 1;
}

void Timeline::changed() { change_[changes_ - 1].done = nowNs(); }

void Timeline::kill(Death death) {
  const uint32_t next = outages_.load();
  if (next == kMostOutages) std::abort();
  outage_[next].death = death;
  outage_[next].begun = nowNs();
  outages_ = next + 1;
}

void Timeline::dead() { outage_[outages_ - 1].dead = nowNs(); }
void Timeline::revived() { outage_[outages_ - 1].done = nowNs(); }

void Timeline::handOver() {
  const uint32_t next = handovers_.load();
  if (next == kMostOutages) std::abort();
  handover_[next].begun = nowNs();
  handovers_ = next + 1;
}

void Timeline::handedOver() { handover_[handovers_ - 1].done = nowNs(); }
void Timeline::notHandedOver() { --handovers_; }

std::vector<Span> Timeline::handovers(const Span& opened) const {
  const uint32_t count = handovers_.load();
  uint32_t first = count;
  while (first > 0 && notBefore(handover_[first - 1].done, opened.from)) --first;
  std::vector<Span> seen;
  for (uint32_t i = first; i < count; ++i) {
    const uint64_t done = handover_[i].done.load();
    seen.push_back({handover_[i].begun, done == 0 ? nowNs() : done});
    if (seen.back().from > opened.to) break;
  }
  return seen;
}

bool Timeline::excusesBreak(const Span& span) const {
  for (uint32_t i = outages_.load(); i-- > 0;)
    if (outage_[i].begun <= span.to && notBefore(outage_[i].dead, span.from)) return true;
  return false;
}

bool Timeline::excusesRefusal(const Span& span) const {
  for (uint32_t i = outages_.load(); i-- > 0;)
    if (outage_[i].death == Death::kSluiced && outage_[i].begun <= span.to &&
        notBefore(outage_[i].done, span.from))
      return true;
  return false;
}

std::string Timeline::story(uint64_t now) const {
  constexpr uint32_t kLast = 12;
  std::vector<std::pair<uint64_t, std::string>> events;
  const uint32_t changes = changes_.load(), outages = outages_.load();
  for (uint32_t i = changes - std::min(changes, kLast); i < changes; ++i)
    events.emplace_back(change_[i].begun,
                        fmt::format("change {}: {}; in force {}", i, change_[i].world.text(),
                                    ago(change_[i].done, now)));
  for (uint32_t i = outages - std::min(outages, kLast); i < outages; ++i)
    events.emplace_back(outage_[i].begun,
                        fmt::format("kill {}: {}; dead {}, back {}", i,
                                    outage_[i].death == Death::kAgent ? "agent" : "sluiced",
                                    ago(outage_[i].dead, now), ago(outage_[i].done, now)));
  const uint32_t handovers = handovers_.load();
  for (uint32_t i = handovers - std::min(handovers, kLast); i < handovers; ++i)
    events.emplace_back(handover_[i].begun,
                        fmt::format("handover {}: done {}", i, ago(handover_[i].done, now)));
  std::ranges::sort(events);
  std::string text;
  for (const auto& [time, event] : events) text += fmt::format("  {} {}\n", ago(time, now), event);
  return text;
}

}  // namespace sluice::test::torture
