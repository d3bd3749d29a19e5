// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/fd.h"
#include "userspace/base/reactor.h"
#include "userspace/base/result.h"
#include "userspace/source/directory.h"
#include "userspace/source/document.h"

namespace sluice::source {

/// Reads a directory's configuration files again whenever something happens to them.
///
/// What belongs together arrives together: it waits until nothing has happened for `quiet`, at
/// most for `longest`. It sees editors that write a new file and rename it, ConfigMap volumes
/// that swap a symlink, files that are symlinks to another directory, and a directory that is
/// replaced, removed or comes back. Lives on the reactor's thread.
class DirectoryWatch {
 public:
  /// All configuration files there are, as DirectoryReader gives them, or why they could not be
  /// listed or not be watched; then what was read before had better stay.
  using Changed = std::function<void(Result<std::vector<SourceFile>>)>;

  struct Timing {
    Duration quiet = std::chrono::milliseconds(100);
    Duration longest = std::chrono::seconds(1);
    Duration settled = std::chrono::seconds(2);  ///< see DirectoryReader
  };

  /// Watches from now on; calls `changed` only after something happened or rescan().
  /// Borrows the reactor. The directory need not exist yet.
  static Result<std::unique_ptr<DirectoryWatch>> create(Reactor& reactor,
                                                        const std::string& directory,
                                                        Changed changed, Timing timing);
  static Result<std::unique_ptr<DirectoryWatch>> create(Reactor& reactor,
                                                        const std::string& directory,
                                                        Changed changed) {
    return create(reactor, directory, std::move(changed), Timing());
  }
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  /// Reads every file now and calls `changed` before it returns, whatever is pending.
  void rescan();

 private:
  /// Names in a watched directory that concern us; empty: all of them.
  using Names = std::set<std::string>;

  DirectoryWatch(Reactor& reactor, Fd inotify, std::string directory, Changed changed,
                 Timing timing);
  void read();
  void readEvents();
  bool handleEvents(std::string_view events);
  bool concernsUs(int watch, std::string_view name) const;
  void schedule();
  Result<void> watchEverything();
  void watchAncestors(std::map<int, Names>& watches);
  void watchLinkTargets(std::map<int, Names>& watches);
  void watchDirectory(std::map<int, Names>& watches, const std::string& path, Names names);
  void noteFailure(const std::string& path, int errnum);

  Reactor& reactor_;
  Fd inotify_;
  std::string directory_;  ///< absolute, without a slash at its end
  DirectoryReader reader_;
  Changed changed_;
  Timing timing_;
  std::map<int, Names> watches_;     ///< by inotify's watch descriptor
  std::vector<Error> watch_errors_;  ///< of the last watchEverything()
  Reactor::TimerId timer_ = 0;
  TimePoint deadline_;  ///< of the pending batch; only while `timer_` is set
};

}  // namespace sluice::source
