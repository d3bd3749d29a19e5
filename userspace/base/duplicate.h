// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>

#include <string>

#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice {

/// Another descriptor of the same open file, closed on exec. `what` is its name in an error.
inline Result<Fd> duplicate(int fd, const char* what) {
  Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return Error::system(std::string("duplicate ").append(what));
  return copy;
}

}  // namespace sluice
