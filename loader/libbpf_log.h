// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice::loader {

/// Sends libbpf's messages to the debug log, and keeps those of this thread for as long as it
/// lives, so that an error can say why. One per thread at a time.
class LibbpfLog {
 public:
  LibbpfLog();
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;

  /// The last `lines` lines: of a verifier's log that is where the reason stands.
  std::string tail(size_t lines) const;

 private:
  std::string text_;
};

/// The last `lines` lines of `text` that are not empty.
std::string lastLines(const std::string& text, size_t lines);

}  // namespace sluice::loader
