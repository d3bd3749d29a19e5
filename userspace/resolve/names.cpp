// SPDX-License-Identifier: Apache-2.0
#include "userspace/resolve/names.h"

#include <algorithm>
#include <utility>

namespace sluice::resolve {

Names::Names(Reactor& reactor, DnsSettings settings, std::function<void()> changed)
    : reactor_(reactor), changed_(std::move(changed)), client_(reactor, std::move(settings)) {}

Names::~Names() {
  for (const auto& [name, schedule] : schedules_) reactor_.cancel(schedule.timer);
  reactor_.cancel(patience_);
}

void Names::want(const WantedNames& names) {
  std::erase_if(schedules_, [&](const auto& entry) {
    if (names.contains(entry.first)) return false;
    reactor_.cancel(entry.second.timer);
    states_.erase(entry.first);
    return true;
  });
  for (const auto& [name, use] : names) {
    const auto [at, is_new] = schedules_.try_emplace(name);
    at->second.use = use;
    if (!is_new) continue;
    states_.try_emplace(name);
    ask(name);
  }
}

void Names::whenTried(std::function<void()> ready) {
  ready_ = std::move(ready);
  if (allTried()) return tellReady();
  reactor_.cancel(patience_);
  patience_ = reactor_.after(kPatience, [this] { tellReady(); });
}

void Names::tellReady() {
  reactor_.cancel(std::exchange(patience_, 0));
  if (const auto ready = std::exchange(ready_, nullptr)) ready();
}

bool Names::allTried() const {
  return std::ranges::all_of(states_, [](const auto& entry) { return entry.second.tried; });
}

/// A name that went and came back while it was looked up needs no second lookup.
void Names::ask(const std::string& name) {
  if (!running_.insert(name).second) return;
  queue_.push_back(name);
  askNext();
}

void Names::askNext() {
  while (at_once_ < kMostAtOnce && !queue_.empty()) {
    const auto name = std::move(queue_.front());
    queue_.pop_front();
    ++at_once_;
    client_.lookUp(name, [this, name](DnsAnswer answer) { answered(name, std::move(answer)); });
  }
}

void Names::answered(const std::string& name, DnsAnswer answer) {
  --at_once_;
  running_.erase(name);
  askNext();
  const auto schedule = schedules_.find(name);
  if (schedule == schedules_.end()) return;
  auto& state = states_.at(name);
  const bool known = std::exchange(state.tried, true);
  const auto pause = pauseAfter(schedule->second, answer);
  schedule->second.timer = reactor_.after(pause, [this, name] { ask(name); });
  const bool changed = take(schedule->second, state, std::move(answer));
  if (ready_ && allTried()) return tellReady();
  // Whoever still waits for other names gets this one's addresses, too.
  if (changed && (known || !ready_)) changed_();
}

/// Whether the addresses are others now.
bool Names::take(Schedule& schedule, NameState& state, DnsAnswer answer) {
  using Kind = DnsAnswer::Kind;
  auto& counter = answer.kind == Kind::kAddresses ? counters_.answered
                  : answer.kind == Kind::kNone    ? counters_.empty
                                                  : counters_.failed;
  ++counter;
  state.problem = std::move(answer.problem);
  if (answer.kind == Kind::kFailed) return false;
  if (answer.addresses.size() > kMostAddresses) answer.addresses.resize(kMostAddresses);
  if (schedule.use == Use::kAll) std::ranges::sort(answer.addresses);
  return std::exchange(state.addresses, answer.addresses) != answer.addresses;
}

Duration Names::pauseAfter(Schedule& schedule, const DnsAnswer& answer) {
  if (answer.kind == DnsAnswer::Kind::kAddresses) {
    schedule.failures = 0;
    const auto ttl = std::clamp<Duration>(answer.ttl, kShortestTtl, kLongestTtl);
    return ttl + jitter(ttl / 10);
  }
  Duration pause = kFirstRetry;
  for (unsigned i = 0; i < schedule.failures && pause < kLongestRetry; ++i) pause *= 2;
  ++schedule.failures;
  pause = std::min(pause, kLongestRetry);
  return pause + jitter(pause / 10);
}

Duration Names::jitter(Duration most) {
  return Duration(random_.draw() % static_cast<uint64_t>(most.count() + 1));
}

}  // namespace sluice::resolve
