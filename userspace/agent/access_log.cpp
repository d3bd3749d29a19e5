// SPDX-License-Identifier: Apache-2.0
#include "userspace/agent/access_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "userspace/base/log.h"

namespace sluice::agent {
namespace {

using proxy::RequestRecord;

std::string escaped(std::string_view text) {
  if (text.empty()) return "-";
  std::string out;
  for (const char c : text) {
    const bool plain = c > 0x1f && c < 0x7f && c != '"' && c != '\\';
    if (plain)
      out += c;
    else
      out += fmt::format("\\x{:02x}", static_cast<uint8_t>(c));
  }
  return out;
}

std::string timeText(std::chrono::system_clock::time_point time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto part = std::chrono::duration_cast<std::chrono::milliseconds>(time - whole).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(whole)), part);
}

std::string ruleText(const RequestRecord& record) {
  if (record.route == nullptr || record.rule == nullptr) return "-";
  const auto& service = record.route->route->virtual_service;
  const int index = record.rule->rule->index;  // below 0: past the rules
  return service.empty() || index < 0 ? "-" : fmt::format("{}#{}", service, index);
}

std::string clusterText(const RequestRecord& record) {
  if (record.cluster == nullptr || !record.cluster->cluster) return "-";
  return record.cluster->cluster->key.text();
}

std::string endpointText(const RequestRecord& record) {
  return record.endpoint == nullptr ? "-" : record.endpoint->address.text();
}

bool isError(const RequestRecord& record) {
  return record.status == 0 || record.status >= 500 || record.flags.text() != "-";
}

}  // namespace

std::string accessLogLine(const RequestRecord& record, std::chrono::system_clock::time_point time) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(record.duration).count();
  return fmt::format("[{}] \"{} {}\" {} {} {} {} {} \"{}\" \"{}\" {} {} {:016x}", timeText(time),
                     escaped(record.method), escaped(record.target), record.status,
                     record.flags.text(), record.request_bytes, record.response_bytes, milliseconds,
                     escaped(record.authority), endpointText(record), clusterText(record),
                     ruleText(record), record.workload.value);
}

AccessLogWriter::AccessLogWriter(Which which, Fd out)
    : which_(which), out_(std::move(out)), thread_([this] { run(); }) {}

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
  const auto line = accessLogLine(record, std::chrono::system_clock::now()) + "\n";
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
