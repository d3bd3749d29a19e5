// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "userspace/model/address.h"
#include "userspace/proxy/tls/openssl.h"

namespace sluice::tls {

/// Sessions that servers have offered to resume, the newest of each server. From several threads.
class Sessions {
 public:
  /// A server under the name that it was asked for.
  using Key = std::pair<SocketAddress, std::string>;

  static constexpr size_t kMost = 4096;

  /// Null: there is none. Those of TLS 1.3 are used once (RFC 8446 §C.4).
  SessionPtr take(const Key& key);
  void keep(const Key& key, SessionPtr session);

 private:
  std::mutex mutex_;
  std::map<Key, SessionPtr> kept_;
};

}  // namespace sluice::tls
