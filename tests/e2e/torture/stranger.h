// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string_view>

#include "userspace/base/fd.h"

namespace sluice::test::torture {

/// A process that can be waited for, though it is nobody's child here.
class Stranger {
 public:
  explicit Stranger(pid_t pid);

  /// SIGKILL.
  void kill() const;

  /// False when it lives on for half a minute.
  bool ends() const;

 private:
  Fd process_;
};

/// How many descriptors of a kind ("socket:") a process has; "": of all.
size_t descriptors(pid_t process, std::string_view kind);

}  // namespace sluice::test::torture
