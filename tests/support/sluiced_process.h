// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/lab.h"

namespace sluice::test {

/// Those of sluiced.
enum class Version {
  kThis,
  /// One whose tables have another layout: the program that SLUICE_OTHER_SLUICED names, a build of
  /// an earlier version, say; or `sluiced-other`, which differs in nothing else.
  kOther,
};

/// How many have pins in a lab; more than one while one takes over from another.
size_t pinnedVersions(const Lab& lab);

/// sluiced on the host `node` of a lab, with the lab's configuration, bpffs and admin socket; its
/// metrics are on 127.0.0.1:15020 of that host. The lab outlives it.
class SluicedProcess {
 public:
  /// Returns when the configuration that is there has been applied.
  static Result<SluicedProcess> start(const Lab& lab, const Arguments& more_arguments = {});
  /// The same, with everything that it prints in a file, the access log included.
  static Result<SluicedProcess> startInto(const std::filesystem::path& file, const Lab& lab,
                                          const Arguments& more_arguments = {});
  /// `sluiced uninstall`: what an earlier one has pinned is gone.
  static Result<void> uninstall(const Lab& lab);

  /// Rereads the configuration and returns when it is in force.
  Result<void> waitApplied() const;

  /// `sluicectl status -o json`.
  Result<nlohmann::json> status() const;

  /// Runs sluicectl with the lab's socket. A status other than 0 is not an error here.
  Result<Finished> ctl(const Arguments& arguments) const;

  Result<pid_t> agentPid() const { return pidOf("agentPid"); }
  pid_t brokerPid() const { return process_.pid(); }
  /// False when the broker has ended.
  bool running() const { return process_.running(); }

  /// kill -9. The broker starts another agent; waitReady() waits for it.
  Result<void> killAgent() const;
  /// kill -9 of both processes, the broker first, so that it starts no other agent.
  Result<void> killBoth();
  /// SIGTERM, and waits for the end.
  Result<void> stop();
  /// kill -9 of the broker, which takes the agent with it; asks neither of them anything.
  Result<void> kill();
  /// After the process has ended, in whichever way. Returns when it steers all workloads.
  Result<void> startAgain();
  /// The same, but it stands still until SIGCONT lets it take its first step. Its process id.
  Result<pid_t> startHeld();

  /// What startAgain() and successor() start from here on.
  void use(Version version);

  /// One that is to take this one's place, just started; `under`: a command that runs it.
  Result<SluicedProcess> successor(const Arguments& under = {}) const;
  /// The same, which stands still until SIGCONT lets it take its first step.
  Result<SluicedProcess> successorHeld() const;
  /// Returns when this one answers, has applied the configuration and steers all workloads; fails
  /// when it ends.
  Result<void> waitServing();
  /// How it ends by itself.
  Result<int> waitEnd(Duration longest) { return process_.wait(longest); }

  /// Returns when an agent answers and has applied the configuration; fails when sluiced ends.
  Result<void> waitReady();
  /// Returns when no other version steers any more.
  Result<void> waitSteering() const;

 private:
  SluicedProcess(const Lab& lab, Arguments argv, Process process);
  Arguments successorArguments() const;
  static Arguments arguments(const Lab& lab, const Arguments& more);
  Result<pid_t> pidOf(const std::string& field) const;

  const Lab* lab_;
  Arguments argv_;
  Process process_;
};

}  // namespace sluice::test
