// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/proxy/tls/openssl.h"

namespace sluice::tls {

/// What OpenSSL reads from and writes to. Its own kind for sockets raises SIGPIPE where the other
/// side has closed, and does not tell when a socket has been emptied.
struct SocketEnd {
  int socket = -1;       ///< borrowed
  bool drained = false;  ///< the last read took all that there was
  bool ended = false;    ///< nothing will ever come again
};

/// Over `end`, which must outlive it. Null: no memory.
BioPtr socketBio(SocketEnd& end);

}  // namespace sluice::tls
