// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/upstream.h"

#include <sys/epoll.h>

namespace sluice::proxy {

Upstream::Upstream(Reactor& reactor, Fd fd, const Key& key, UpstreamUser& user)
    : reactor_(reactor), channel_(std::move(fd)), key_(key), user_(&user) {}

Result<std::shared_ptr<Upstream>> Upstream::watch(Reactor& reactor, Fd fd, const Key& key,
                                                  UpstreamUser& user) {
  std::shared_ptr<Upstream> upstream(new Upstream(reactor, std::move(fd), key, user));
  SLUICE_TRY(reactor.add(upstream->channel_.fd(), Channel::kEvents,
                         [upstream](uint32_t events) { upstream->onEvents(events); }));
  return upstream;
}

void Upstream::onEvents(uint32_t events) {
  channel_.note(events);
  if (user_ != nullptr) user_->upstreamReady(*this);
}

// To its user, an idle connection that is too old looks like one that the server has closed.
void Upstream::expired() { onEvents(EPOLLHUP); }

void Upstream::close() {
  if (user_ == nullptr) return;
  user_ = nullptr;
  leave();
  reactor_.remove(channel_.fd());
  channel_.close();
}

void Upstream::abort() {
  if (user_ == nullptr) return;
  user_ = nullptr;
  leave();
  reactor_.remove(channel_.fd());
  channel_.reset();
}

}  // namespace sluice::proxy
