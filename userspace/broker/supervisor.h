// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/base/reactor.h"
#include "userspace/broker/child_process.h"
#include "userspace/broker/restart_backoff.h"

namespace sluice::broker {

/// Keeps one agent running. The agent dies with this object, and with the thread it runs on.
class Supervisor {
 public:
  struct Options {
    std::vector<std::string> argv;  ///< argv[0]: path of the program
    /// A fresh control channel for each agent: the agent's end.
    std::function<Result<Fd>()> open_channel;
    Duration stop_deadline = std::chrono::seconds(10);
  };

  Supervisor(Reactor& reactor, Options options) : reactor_(reactor), options_(std::move(options)) {}
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Starts the first agent; later ones are started when it has died (RestartBackoff).
  Result<void> start();

  /// Kills the agent, so that a fresh one is started. Nothing once stop() was called.
  void restart();

  /// SIGTERM, and SIGKILL at the deadline. `stopped` is called when the agent has ended; at most
  /// the first call counts.
  void stop(std::function<void()> stopped);

  /// From here on an agent that ends is not replaced; `ended` is called instead, each time.
  void hold(std::function<void()> ended);

  /// As before hold(): one is started at once if none runs.
  void release();

  /// An agent that has been told to end by itself has so long. As stop() otherwise.
  void retire(Duration deadline, std::function<void()> stopped);

  /// 0 while none runs.
  pid_t agent() const { return child_ ? child_->pid() : 0; }
  /// When the newest agent was started.
  TimePoint started() const { return started_; }

 private:
  Result<void> launch();
  void launchLater(Duration delay);
  void onExit();
  void awaitEnd(Duration deadline, std::function<void()> stopped);

  Reactor& reactor_;
  Options options_;
  RestartBackoff backoff_;
  std::optional<ChildProcess> child_;
  TimePoint started_;
  Reactor::TimerId timer_ = 0;  ///< of the next start, or of the stop's deadline
  std::function<void()> stopped_;
  std::function<void()> held_;  ///< none: an agent that ends is replaced
  bool stopping_ = false;
};

}  // namespace sluice::broker
