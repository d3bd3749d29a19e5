// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/base/reactor.h"
#include "userspace/model/broker.h"
#include "userspace/model/resources.h"

namespace sluice::agent {

/// Keeps the workloads of the configuration enrolled: asks the broker, tries again with back-off
/// while a cgroup or namespace is missing, and looks from time to time whether they are still the
/// same ones (a unit that restarts gets a new cgroup under its old path), and who is beside them.
class Enroller {
 public:
  /// What the rest of the agent does about it; called on the reactor's thread.
  struct Events {
    /// For a fresh enrolment, and when sockets or namespace have changed since.
    std::function<void(WorkloadId, const Workload&, Enrolled)> enrolled;
    /// Before the broker closes what the workload has, or when it has because of a neighbour.
    std::function<void(WorkloadId)> gone;
  };

  /// kLeftAlone: a neighbour keeps us away.
  enum class State { kFirstAttempt, kRetrying, kEnrolled, kLeftAlone };

  struct Status {
    std::shared_ptr<const Workload> workload;
    WorkloadId id;
    State state = State::kFirstAttempt;
    std::optional<Error> failure;  ///< of the last attempt
    uint16_t listener4_port = 0;   ///< host byte order; 0: not enrolled or no such family
    uint16_t listener6_port = 0;
    Neighbours neighbours = {};  ///< as they were when the broker last answered
  };

  static constexpr Duration kFirstRetry = std::chrono::milliseconds(100);
  static constexpr Duration kLongestRetry = std::chrono::seconds(5);
  static constexpr Duration kRecheck = std::chrono::seconds(10);

  Enroller(Reactor& reactor, Workloads& broker, Events events);
  ~Enroller();
  Enroller(const Enroller&) = delete;
  Enroller& operator=(const Enroller&) = delete;

  /// From now on these, and no others.
  void want(const Snapshot::List<Workload>& workloads);

  /// Calls `done` once no workload is in its first attempt.
  void whenAttempted(std::function<void()> done);

  /// In the order of "namespace/name".
  std::vector<Status> status() const;

 private:
  struct Entry;

  void forgetOthers(const Snapshot::List<Workload>& workloads);
  void keepOnlyWanted();
  void adopt(const std::shared_ptr<const Workload>& workload);
  void attempt(const std::string& key);
  void onAnswer(const std::string& key, uint64_t attempt, Result<Enrolled> answer);
  void onFailure(Entry& entry, const Error& error);
  void onSuccess(Entry& entry, Enrolled enrolled);
  void onLeftAlone(Entry& entry);
  void again(Entry& entry, Duration delay);
  void tellWaiting();

  Reactor& reactor_;
  Workloads& broker_;
  Events events_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;  ///< by "namespace/name"
  std::vector<std::function<void()>> waiting_;
  bool started_ = false;
  uint64_t next_attempt_ = 1;
  std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);  ///< for late answers
};

}  // namespace sluice::agent
