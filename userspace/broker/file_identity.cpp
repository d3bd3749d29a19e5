// SPDX-License-Identifier: Apache-2.0
#include "userspace/broker/file_identity.h"

#include <sys/stat.h>

namespace sluice::broker {

Result<FileIdentity> FileIdentity::of(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return Error::system("fstat");
  return FileIdentity{status.st_dev, status.st_ino};
}

}  // namespace sluice::broker
