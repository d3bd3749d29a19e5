// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <compare>

#include "userspace/base/result.h"

namespace sluice::broker {

/// Which file an open descriptor means, whatever path led there. Stable while one is open.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;

  static Result<FileIdentity> of(int fd);
  friend auto operator<=>(const FileIdentity&, const FileIdentity&) = default;
};

}  // namespace sluice::broker
