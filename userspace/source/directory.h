// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/clock.h"
#include "userspace/base/result.h"
#include "userspace/source/document.h"

namespace sluice::source {

/// Whether a file of this name is configuration: *.yaml or *.yml, not hidden.
bool isConfigName(std::string_view name);

/// Reads a file, at most kMaxFileBytes and one byte, so that a larger one is noticed. A failure is
/// in the result. Follows symlinks; anything but a regular file is refused.
SourceFile readSourceFile(const std::string& path);

/// Reads the configuration files of one directory, not of those below it, sorted by name.
class DirectoryReader {
 public:
  /// A file is read again as long as its last change was not `settled` ago when it was read: the
  /// next one could have had the same time. The clocks of file systems tick every second or two at
  /// the slowest.
  explicit DirectoryReader(std::string directory, Duration settled = std::chrono::seconds(2))
      : directory_(std::move(directory)), settled_(settled) {}

  /// All there are; the text of those that have changed since the last read(), and of the others
  /// that they are `unchanged`, by what stat() says of them. Fails when the directory cannot be
  /// listed or has more than kMaxFiles of them. A file with which they have more than
  /// kMaxDirectoryBytes is unreadable, and so are those behind it.
  Result<std::vector<SourceFile>> read();

  /// The next read() gives all texts: where stat() may not be trusted.
  void forget() { read_.clear(); }

 private:
  /// What differs after a change, on file systems that say when one was.
  struct Stamp {
    uint64_t device, inode;
    int64_t size, written_ns, changed_ns;  ///< times since 1970
    friend bool operator==(const Stamp&, const Stamp&) = default;
    static Stamp of(const struct stat& status);
  };
  using Stamps = std::map<std::string, Stamp>;  ///< by path
  SourceFile readUnlessKnown(const std::string& path, const Stamps& last);
  void note(const std::string& path, const struct stat& status, int64_t now_ns);
  size_t sizeOf(const SourceFile& file) const;

  std::string directory_;
  Duration settled_;
  Stamps read_;  ///< of what need not be read again
};

}  // namespace sluice::source
