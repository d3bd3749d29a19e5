// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>

#include "userspace/base/result.h"

namespace sluice {

/// Of a local socket's file; nothing for a path that is empty or longer than 107 bytes.
std::optional<sockaddr_un> unixAddress(const std::string& path);

inline const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// Binds and listens on a file that only its owner may use (0600), from its first moment on. For
/// that the process has another umask meanwhile.
Result<void> listenPrivately(int socket, const sockaddr_un& address);

}  // namespace sluice
