// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/upstream.h"

namespace sluice::proxy {

Result<std::shared_ptr<Upstream>> Upstream::watch(std::shared_ptr<Channel> channel, const Key& key,
                                                  UpstreamUser& user) {
  std::shared_ptr<Upstream> upstream(new Upstream(std::move(channel), key, user));
  SLUICE_TRY(upstream->channel_->watch(upstream));
  return upstream;
}

void Upstream::channelReady() {
  if (user_ != nullptr) user_->upstreamReady(*this);
}

// To its user, an idle connection that is too old looks like one that the server has closed.
void Upstream::expired() {
  channel_->expectEnd();
  channelReady();
}

std::shared_ptr<Channel> Upstream::release() {
  user_ = nullptr;
  leave();
  channel_->unwatch();
  return std::move(channel_);
}

void Upstream::close() {
  if (user_ == nullptr) return;
  user_ = nullptr;
  leave();
  channel_->close();
  held_.reset();
}

void Upstream::abort() {
  if (user_ == nullptr) return;
  user_ = nullptr;
  leave();
  channel_->reset();
  held_.reset();
}

}  // namespace sluice::proxy
