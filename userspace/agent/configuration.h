// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "userspace/agent/enroller.h"
#include "userspace/agent/rollout.h"
#include "userspace/source/directory_watch.h"
#include "userspace/source/resource_store.h"

namespace sluice::agent {

/// From the files of a directory to what is in force: reads them when they change, logs what is
/// wrong with them, hands on what is right. Belongs to the control thread.
class Configuration {
 public:
  /// Borrows all. Reads the directory before it returns.
  static Result<std::unique_ptr<Configuration>> open(Reactor& reactor, std::string directory,
                                                     Rollout& rollout, Enroller& enroller);

  /// Reads the directory now, and calls `done` when all of it is in force or has failed, and each
  /// workload has been tried.
  void rescan(std::function<void()> done);

  const std::string& directory() const { return directory_; }
  const source::ResourceStore& store() const { return store_; }

 private:
  Configuration(std::string directory, Rollout& rollout, Enroller& enroller)
      : directory_(std::move(directory)), rollout_(rollout), enroller_(enroller) {}
  void onFiles(Result<std::vector<source::SourceFile>> files);
  void logNews();

  std::string directory_;
  Rollout& rollout_;
  Enroller& enroller_;
  source::ResourceStore store_;
  std::set<std::string> logged_;  ///< what is wrong now and has been said
  bool applied_ = false;
  std::unique_ptr<source::DirectoryWatch> watch_;
};

}  // namespace sluice::agent
