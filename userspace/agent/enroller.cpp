// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/enroller.h"

#include <algorithm>
#include <set>
#include <utility>

#include "userspace/agent/error_text.h"
#include "userspace/base/log.h"
#include "userspace/model/codes.h"
#include "userspace/steering/workload_id.h"

namespace sluice::agent {

struct Enroller::Entry {
  std::shared_ptr<const Workload> workload;
  WorkloadId id;
  State state = State::kFirstAttempt;
  std::optional<Error> failure;  ///< of the last attempt
  Duration delay = kFirstRetry;
  Reactor::TimerId timer = 0;
  uint64_t attempt = 0;  ///< the one whose answer counts
  /// The last answer of this place, without its sockets, which have been handed on.
  std::optional<Enrolled> enrolled;
  Neighbours neighbours;  ///< of the last answer
};

namespace {

bool samePlace(const Workload& a, const Workload& b) {
  return a.cgroup == b.cgroup && a.network_namespace == b.network_namespace;
}

/// Whether two answers speak of the same sockets. Ports are chosen by the kernel, one namespace
/// has each port once.
bool sameSockets(const Enrolled& a, const Enrolled& b) {
  return a.netns_cookie == b.netns_cookie && a.listener4_port == b.listener4_port &&
         a.listener6_port == b.listener6_port && a.alive_port == b.alive_port;
}

Enrolled withoutSockets(const Enrolled& from) {
  return {{},
          {},
          from.listener4_port,
          from.listener6_port,
          from.alive_port,
          from.netns_cookie,
          from.address4,
          from.address6};
}

bool isNews(const Neighbour& neighbour, const Neighbours& known) {
  return std::ranges::find(known, neighbour.code, &Neighbour::code) == known.end();
}

/// Each kind once per workload, until it has been gone.
void logNews(const std::string& workload, const Neighbours& before, const Neighbours& now) {
  for (const auto& neighbour : now) {
    if (!isNews(neighbour, before)) continue;
    const auto& kind = *findCode(neighbour.code);
    log::warn("workload {}: {} {}: {}; hint: {}", workload, neighbour.code, neighbour.who,
              kind.says, kind.remedy);
  }
}

bool sameAddresses(const Enrolled& a, const Enrolled& b) {
  return a.address4 == b.address4 && a.address6 == b.address6;
}

}  // namespace

Enroller::Enroller(Reactor& reactor, Workloads& broker, Events events)
    : reactor_(reactor), broker_(broker), events_(std::move(events)) {}

Enroller::~Enroller() {
  for (const auto& [key, entry] : entries_) reactor_.cancel(entry->timer);
}

void Enroller::want(const Snapshot::List<Workload>& workloads) {
  const auto before = entries_.size();
  forgetOthers(workloads);
  const bool fewer = entries_.size() < before;
  for (const auto& workload : workloads) adopt(workload);
  // At the start, too: an earlier agent may have left workloads that are no longer configured.
  if (fewer || !started_) keepOnlyWanted();
  started_ = true;
  tellWaiting();
}

void Enroller::forgetOthers(const Snapshot::List<Workload>& workloads) {
  std::set<std::string> wanted;
  for (const auto& workload : workloads) wanted.insert(workload->metadata.key());
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (wanted.contains(at->first)) {
      ++at;
      continue;
    }
    reactor_.cancel(at->second->timer);
    events_.gone(at->second->id);
    at = entries_.erase(at);
  }
}

void Enroller::keepOnlyWanted() {
  std::vector<WorkloadId> ids;
  ids.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) ids.push_back(entry->id);
  broker_.keepOnly(ids, [](const Result<void>& result) {
    if (!result) log::warn("release workloads: {}", result.error().message());
  });
}

void Enroller::adopt(const std::shared_ptr<const Workload>& workload) {
  const auto key = workload->metadata.key();
  auto& entry = entries_[key];
  const bool known = entry && samePlace(*entry->workload, *workload);
  if (!entry) entry = std::make_unique<Entry>();
  entry->workload = workload;
  if (known) return;
  entry->id = steering::workloadId(key);
  entry->enrolled.reset();
  entry->neighbours.clear();
  entry->state = State::kFirstAttempt;
  entry->delay = kFirstRetry;
  attempt(key);
}

void Enroller::attempt(const std::string& key) {
  auto& entry = *entries_.at(key);
  reactor_.cancel(entry.timer);
  entry.attempt = next_attempt_++;
  const Enrolment enrolment{entry.id, entry.workload->cgroup, entry.workload->network_namespace};
  broker_.enroll(enrolment, [this, key, number = entry.attempt,
                             alive = std::weak_ptr<const bool>(alive_)](Result<Enrolled> answer) {
    if (!alive.expired()) onAnswer(key, number, std::move(answer));
  });
}

void Enroller::onAnswer(const std::string& key, uint64_t attempt, Result<Enrolled> answer) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second->attempt != attempt) return;
  if (answer)
    onSuccess(*found->second, *std::move(answer));
  else
    onFailure(*found->second, answer.error());
  tellWaiting();
}

void Enroller::onFailure(Entry& entry, const Error& error) {
  if (!entry.failure || entry.failure->message() != error.message())
    log::warn("enroll workload {}: {}", entry.workload->metadata.key(), withHint(error));
  entry.failure = error;
  entry.neighbours.clear();
  entry.state = State::kRetrying;
  again(entry, entry.delay);
  entry.delay = std::min(entry.delay * 2, kLongestRetry);
}

void Enroller::onSuccess(Entry& entry, Enrolled enrolled) {
  logNews(entry.workload->metadata.key(), entry.neighbours, enrolled.neighbours);
  entry.neighbours = std::move(enrolled.neighbours);
  if (enrolled.isLeftAlone()) return onLeftAlone(entry);
  const bool known = entry.enrolled && sameSockets(*entry.enrolled, enrolled) &&
                     sameAddresses(*entry.enrolled, enrolled);
  entry.failure.reset();
  entry.state = State::kEnrolled;
  entry.delay = kFirstRetry;
  entry.enrolled = withoutSockets(enrolled);
  again(entry, kRecheck);
  if (known) return;
  log::info("workload {} is enrolled", entry.workload->metadata.key());
  events_.enrolled(entry.id, *entry.workload, std::move(enrolled));
}

void Enroller::onLeftAlone(Entry& entry) {
  if (entry.state != State::kLeftAlone)
    log::info("workload {} is left alone", entry.workload->metadata.key());
  entry.failure.reset();
  entry.state = State::kLeftAlone;
  entry.delay = kFirstRetry;
  if (std::exchange(entry.enrolled, std::nullopt)) events_.gone(entry.id);
  again(entry, kRecheck);
}

void Enroller::again(Entry& entry, Duration delay) {
  entry.timer =
      reactor_.after(delay, [this, key = entry.workload->metadata.key()] { attempt(key); });
}

void Enroller::whenAttempted(std::function<void()> done) {
  waiting_.push_back(std::move(done));
  tellWaiting();
}

void Enroller::tellWaiting() {
  const bool first = std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) {
    return entry.second->state == State::kFirstAttempt;
  });
  if (first) return;
  for (auto& done : std::exchange(waiting_, {})) done();
}

std::vector<Enroller::Status> Enroller::status() const {
  std::vector<Status> all;
  all.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) {
    all.push_back({entry->workload, entry->id, entry->state, entry->failure});
    all.back().neighbours = entry->neighbours;
    if (!entry->enrolled) continue;
    all.back().listener4_port = entry->enrolled->listener4_port;
    all.back().listener6_port = entry->enrolled->listener6_port;
  }
  return all;
}

}  // namespace sluice::agent
