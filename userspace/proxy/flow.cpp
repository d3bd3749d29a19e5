// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/flow.h"

namespace sluice::proxy {

void Flow::forget() {
  retained_ = false;
  buffer_.consume(written_);
  cleared_ -= written_;
  written_ = 0;
}

bool Flow::replaceCleared(size_t size, std::string_view text) {
  if (!buffer_.replace(0, size, text)) return false;
  cleared_ = cleared_ - size + text.size();
  return true;
}

bool Flow::makeRoom() {
  if (!buffer_.space().empty()) return true;
  if (written_ == 0) return false;
  forget();
  return !buffer_.space().empty();
}

Channel::Io Flow::readFrom(Channel& channel) {
  if (!channel.readable() || !makeRoom()) return Channel::Io::kBlocked;
  return channel.read(buffer_);
}

Channel::Io Flow::writeTo(Channel& channel, uint64_t& total) {
  Channel::Io io = Channel::Io::kBlocked;
  while (!idle() && channel.writable()) {
    const size_t before = written_;
    const Channel::Io last = channel.write(pending(), written_);
    total += written_ - before;
    if (last == Channel::Io::kFailed) return last;
    if (last == Channel::Io::kProgress) io = last;
  }
  if (!retained_ && written_ > 0) forget();
  return io;
}

void Flow::finishMessage() {
  retained_ = false;
  buffer_.consume(cleared_);
  cleared_ = written_ = 0;
}

void Flow::reset() {
  retained_ = false;
  buffer_.clear();
  cleared_ = written_ = 0;
}

}  // namespace sluice::proxy
