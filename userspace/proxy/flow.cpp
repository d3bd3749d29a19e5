// SPDX-License-Identifier: Apache-2.0
#include "userspace/proxy/flow.h"

#include <algorithm>

#include "userspace/proxy/options.h"

namespace sluice::proxy {

namespace {

/// Less is copied in less time than two more system calls take.
constexpr size_t kLeastSplice = 16 * 1024;

}  // namespace

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
  const size_t before = buffer_.size();
  const auto io = channel.read(buffer_);
  bulk_ = buffer_.size() - before >= kLeastSplice;
  return io;
}

Channel::Io Flow::passFrom(Channel& from, Channel& to, uint64_t opaque, uint64_t& passed) {
  if (pipe_ || !from.readable()) return Channel::Io::kBlocked;
  const bool passes = bulk_ && opaque >= kLeastSplice && mayDropBuffer() &&
                      from.plainSocket() != nullptr && to.plainSocket() != nullptr;
  if (!passes) return readFrom(from);
  forget();
  buffer_.releaseIfEmpty();
  return fillPipe(*from.plainSocket(), opaque, passed);
}

/// Whether all of it is written, and what is retained would have to go for the next byte as well.
bool Flow::mayDropBuffer() {
  return written_ == buffer_.size() && (!retained_ || buffer_.space().empty());
}

Channel::Io Flow::fillPipe(SocketChannel& from, uint64_t most, uint64_t& passed) {
  pipe_ = pipes_.take();
  if (!pipe_) return readFrom(from);
  int refusal = 0;
  const auto io = from.readTo(*pipe_, std::min<uint64_t>(most, kPipeBytes), refusal);
  passed += pipe_->size();
  bulk_ = pipe_->size() >= kLeastSplice || io == Channel::Io::kBlocked;
  if (pipe_->empty()) dropPipe();
  if (refusal == 0) return io;
  pipes_.giveUp(refusal);
  return readFrom(from);
}

Channel::Io Flow::drainPipe(Channel& to, uint64_t& total) {
  Channel::Io io = Channel::Io::kBlocked;
  while (!pipe_->empty() && to.writable()) {
    const Channel::Io last = to.plainSocket()->writeFrom(*pipe_, total);
    if (last == Channel::Io::kFailed) return last;
    if (last == Channel::Io::kProgress) io = last;
  }
  if (pipe_->empty()) dropPipe();
  return io;
}

void Flow::dropPipe() {
  if (pipe_) pipes_.give(std::move(pipe_));
}

Channel::Io Flow::writeTo(Channel& channel, uint64_t& total) {
  Channel::Io io = pipe_ ? drainPipe(channel, total) : Channel::Io::kBlocked;
  if (pipe_) return io;
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
  dropPipe();
  retained_ = bulk_ = false;
  buffer_.consume(cleared_);
  cleared_ = written_ = 0;
}

void Flow::reset() {
  dropPipe();
  retained_ = bulk_ = false;
  buffer_.clear();
  cleared_ = written_ = 0;
}

}  // namespace sluice::proxy
