// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/tls/sessions.h"

namespace sluice::tls {

SessionPtr Sessions::take(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(key);
  if (found == kept_.end()) return nullptr;
  SSL_SESSION* const session = found->second.get();
  if (SSL_SESSION_is_resumable(session) == 1 &&
      SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(session);
    return SessionPtr(session);
  }
  SessionPtr once = std::move(found->second);
  kept_.erase(found);
  return SSL_SESSION_is_resumable(once.get()) == 1 ? std::move(once) : nullptr;
}

void Sessions::keep(const Key& key, SessionPtr session) {
  const std::lock_guard lock(mutex_);
  // Any will do: who has so many servers gains little by resuming.
  if (kept_.size() >= kMost && !kept_.contains(key)) kept_.erase(kept_.begin());
  kept_[key] = std::move(session);
}

}  // namespace sluice::tls
