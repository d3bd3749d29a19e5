// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/access_log.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "userspace/base/log.h"

namespace sluice::agent {
namespace {

using proxy::RequestRecord;

/// A connection that carries no HTTP never has a status: its flags say what it was.
bool isError(const RequestRecord& record) {
  const bool unanswered = record.status == 0 && !record.opaque;
  return unanswered || record.status >= 500 || record.grpc_status > 0 ||
         record.flags != proxy::ResponseFlags();
}

}  // namespace

AccessLogWriter::AccessLogWriter(Which which, AccessLogFormat format, Fd out)
    : which_(which), format_(format), out_(std::move(out)), thread_([this] { run(); }) {}

AccessLogWriter::~AccessLogWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  news_.notify_one();
  thread_.join();
}

void AccessLogWriter::record(const RequestRecord& record) {
  if (which_ == Which::kErrors && !isError(record)) return;
  const auto line = accessLogLine(record, std::chrono::system_clock::now(), format_) + "\n";
  const std::lock_guard lock(mutex_);
  if (waiting_.size() + line.size() > kMaxWaiting) {
    ++dropped_;
    return;
  }
  waiting_ += line;
  news_.notify_one();
}

uint64_t AccessLogWriter::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void AccessLogWriter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    news_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto text = std::exchange(waiting_, {});
    const auto lost = dropped_ - std::exchange(reported_, dropped_);
    lock.unlock();
    if (lost > 0) log::warn("access log: {} lines lost, its reader is too slow", lost);
    if (!writeAll(text)) return;
    lock.lock();
  }
}

bool AccessLogWriter::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

/// False when nothing more can be written. At most PIPE_BUF bytes at once: a pipe that polls
/// writable takes those without blocking, so that the end of the process never waits for the
/// reader.
bool AccessLogWriter::writeAll(std::string_view text) const {
  while (!text.empty()) {
    pollfd ready{out_.get(), POLLOUT, 0};
    const int found = ::poll(&ready, 1, 100);
    if (found == 0 && stopping()) return false;
    if (found <= 0) continue;
    const auto size = ::write(out_.get(), text.data(), std::min<size_t>(text.size(), PIPE_BUF));
    if (size < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (size > 0) text.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

}  // namespace sluice::agent
