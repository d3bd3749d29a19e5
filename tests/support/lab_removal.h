// SPDX-License-Identifier: Apache-2.0
// How a lab disappears. Everything of a lab carries its name, so that it can be found and removed
// by whoever is left: the lab's janitor, or the next lab on this machine.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice::test {

/// Directory of all labs; one of them is a directory in it that its owner holds a lock on.
std::filesystem::path labsDirectory();

/// Takes the lock of the directory, for as long as the descriptor and its copies in children live.
/// kExhausted: somebody else holds it.
Result<Fd> lockDirectory(const std::filesystem::path& directory);

/// Processes, cgroups, mounts, network namespaces and files of the lab `name`. What a failure
/// leaves is found again by removeAbandonedLabs().
Result<void> removeLab(const std::string& name);

/// Removes labs whose owners died without doing so.
void removeAbandonedLabs();

/// A child that removes the lab when the process that made it goes, in whatever way, kill -9
/// included.
class Janitor {
 public:
  /// `lock` is kept open by the janitor: the lab counts as alive until it is removed.
  static Result<Janitor> start(const std::string& lab, const Fd& lock);
  Janitor(Janitor&& other) noexcept;
  Janitor& operator=(Janitor&&) = delete;
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;
  /// Lets the janitor work and waits for it.
  ~Janitor();

 private:
  Janitor(pid_t pid, Fd alive);
  pid_t pid_;
  Fd alive_;  ///< a pipe that the janitor reads to its end
};

}  // namespace sluice::test
