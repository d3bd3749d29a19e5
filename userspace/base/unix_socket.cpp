// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/unix_socket.h"

#include <sys/stat.h>

#include <cerrno>

namespace sluice {

std::optional<sockaddr_un> unixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return std::nullopt;
  path.copy(address.sun_path, path.size());
  return address;
}

Result<void> listenPrivately(int socket, const sockaddr_un& address) {
  const auto old_mask = ::umask(0177);
  const int bound = ::bind(socket, generic(address), sizeof(address));
  const int bind_errno = errno;
  ::umask(old_mask);
  if (bound != 0) return Error::system(std::string("bind ") + address.sun_path, bind_errno);
  if (::listen(socket, SOMAXCONN) != 0)
    return Error::system(std::string("listen on ") + address.sun_path);
  return {};
}

}  // namespace sluice
