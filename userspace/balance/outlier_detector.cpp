// SPDX-License-Identifier: Apache-2.0
#include "userspace/balance/outlier_detector.h"

#include <algorithm>
#include <utility>

namespace sluice::balance {
namespace {

/// One more in a row; whether that makes `threshold` of them, from which on they are counted anew.
/// Relaxed: each thread may see the others' errors a little later.
bool reaches(std::atomic<uint32_t>& count, uint32_t threshold) {
  const uint32_t now = count.fetch_add(1, std::memory_order_relaxed) + 1;
  if (threshold == 0 || now < threshold) return false;
  count.store(0, std::memory_order_relaxed);
  return true;
}

/// Without a write where there is nothing to do: the line stays with all workers.
void clear(std::atomic<uint32_t>& count) {
  if (count.load(std::memory_order_relaxed) != 0) count.store(0, std::memory_order_relaxed);
}

}  // namespace

// --- one endpoint ------------------------------------------------------------------------------

void OutlierMonitor::report(Outcome outcome, TimePoint now) {
  if (outcome == Outcome::kSuccess) return succeeded();
  const bool local = outcome == Outcome::kLocalFailure && settings_.split_local;
  const bool reached = local ? failedLocally() : failed(outcome);
  if (!reached) return;
  if (const auto detector = detector_.lock()) detector->eject(*this, now);
}

void OutlierMonitor::succeeded() {
  clear(errors_);
  clear(gateway_errors_);
  clear(local_failures_);
}

/// Envoy: without the split a local failure counts as 503, or 504.
bool OutlierMonitor::failed(Outcome outcome) {
  if (settings_.split_local) clear(local_failures_);  // there was an answer
  const bool gateway = outcome != Outcome::kError;
  if (!gateway) clear(gateway_errors_);
  const bool by_gateway = gateway && reaches(gateway_errors_, settings_.consecutive_gateway_errors);
  return reaches(errors_, settings_.consecutive_errors) || by_gateway;
}

bool OutlierMonitor::failedLocally() {
  return reaches(local_failures_, settings_.consecutive_local_failures);
}

bool OutlierMonitor::takeConnections(const ReadConnections& read) {
  const uint32_t endpoint = endpoint_.load(std::memory_order_relaxed);
  const auto counts = endpoint ? read({endpoint}) : std::nullopt;
  const auto before =
      std::exchange(seen_, counts ? std::optional(Seen{endpoint, *counts}) : std::optional<Seen>());
  if (!counts || !before || before->endpoint != endpoint) return false;
  // The number was another's in between, whose counters began anew.
  if (counts->made < before->counts.made || counts->failed < before->counts.failed) return false;
  return connected(counts->made - before->counts.made, counts->failed - before->counts.failed);
}

/// Whether a threshold is reached. `made` connections leave room for one row of failures more than
/// there are of them, and one of these rows is at least as long as the average.
bool OutlierMonitor::connected(uint64_t made, uint64_t failed) {
  const uint64_t threshold = settings_.consecutiveFailedConnections();
  if (made > 0) failed_connections_ = 0;
  failed_connections_ += failed / (made + 1) + (failed % (made + 1) != 0);
  const bool reached = threshold > 0 && failed_connections_ >= threshold;
  if (reached || made > 0) failed_connections_ = 0;
  return reached;
}

// --- the cluster -------------------------------------------------------------------------------

std::shared_ptr<OutlierDetector> OutlierDetector::create(OutlierSettings settings,
                                                         std::function<void()> changed) {
  return std::shared_ptr<OutlierDetector>(
      new OutlierDetector(std::move(settings), std::move(changed)));
}

std::vector<std::shared_ptr<OutlierMonitor>> OutlierDetector::setMembers(
    std::span<const SocketAddress> members) {
  const std::lock_guard lock(mutex_);
  const auto before = std::exchange(members_, {});
  std::vector<std::shared_ptr<OutlierMonitor>> monitors;
  for (const auto& address : members) {
    const auto known = before.find(address);
    auto& monitor = members_[address];
    if (!monitor && known != before.end()) monitor = known->second;
    if (!monitor) monitor = std::make_shared<OutlierMonitor>(weak_from_this(), settings_);
    monitors.push_back(monitor);
  }
  for (const auto& [address, monitor] : before) monitor->member_ = members_.contains(address);
  ejected_ = static_cast<uint64_t>(
      std::ranges::count_if(members_, [](const auto& m) { return m.second->ejected_; }));
  markAvoided();
  return monitors;
}

void OutlierDetector::eject(OutlierMonitor& monitor, TimePoint now) {
  {
    const std::lock_guard lock(mutex_);
    if (monitor.ejected_ || !monitor.member_) return;
    if (!mayEject()) {
      ++held_ejections_;
      return;
    }
    monitor.ejected_ = true;
    monitor.ejected_at_ = now;
    if (settings_.base_ejection * monitor.ejections_ < settings_.longest_ejection)
      ++monitor.ejections_;
    ++ejected_;
    ++ejections_;
    if (!markAvoided()) return;
  }
  changed_();
}

/// Envoy (since 1.28): the one more must be within the limit, also when it is the first.
bool OutlierDetector::mayEject() const {
  return (ejected_ + 1) * 100 <= settings_.max_ejected_percent * members_.size();
}

void OutlierDetector::sweep(TimePoint now) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [address, monitor] : members_) {
      if (!monitor->ejected_) {
        if (monitor->ejections_ > 0) --monitor->ejections_;
      } else if (isOver(*monitor, now)) {
        monitor->ejected_ = false;
        monitor->succeeded();
        monitor->failed_connections_ = 0;
        --ejected_;
      }
    }
    if (!markAvoided()) return;
  }
  changed_();
}

void OutlierDetector::countConnections(const ReadConnections& read, TimePoint now) {
  std::vector<std::shared_ptr<OutlierMonitor>> monitors;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [address, monitor] : members_) monitors.push_back(monitor);
  }
  for (const auto& monitor : monitors)
    if (monitor->takeConnections(read)) eject(*monitor, now);
}

bool OutlierDetector::isOver(const OutlierMonitor& monitor, TimePoint now) const {
  const auto lasts =
      std::min(settings_.base_ejection * monitor.ejections_, settings_.longest_ejection);
  return now - monitor.ejected_at_ >= lasts;
}

/// Envoy, "Panic threshold".
bool OutlierDetector::tooFewLeft() const {
  return (members_.size() - ejected_) * 100 < settings_.min_healthy_percent * members_.size();
}

/// Whether something is different.
bool OutlierDetector::markAvoided() {
  const bool panic = tooFewLeft();
  bool different = false;
  for (const auto& [address, monitor] : members_) {
    const bool avoided = monitor->ejected_ && !panic;
    different |= monitor->avoided_.exchange(avoided, std::memory_order_relaxed) != avoided;
  }
  return different;
}

OutlierDetector::Status OutlierDetector::status() const {
  const std::lock_guard lock(mutex_);
  Status status{{}, {}, ejections_, held_ejections_};
  for (const auto& [address, monitor] : members_) {
    if (monitor->ejected_) status.ejected.insert(address);
    if (monitor->isAvoided()) status.avoided.insert(address);
  }
  return status;
}

}  // namespace sluice::balance
