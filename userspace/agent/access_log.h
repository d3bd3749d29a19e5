// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "userspace/base/fd.h"
#include "userspace/proxy/access_log.h"

namespace sluice::agent {

/// One request on one line, without its end, in the order of Envoy's default format:
///
///   [time] "METHOD target" status flags bytes-received bytes-sent milliseconds "authority"
///   "endpoint" cluster virtual-service#rule workload-id
///
/// What is unknown is "-". Bytes that are not printable ASCII, quotes and backslashes become \xHH,
/// so that no client can forge a line.
std::string accessLogLine(const proxy::RequestRecord& record,
                          std::chrono::system_clock::time_point time);

/// Writes lines from a thread of its own: a reader that stalls costs lines, which are counted and
/// reported, and never the time of a request.
class AccessLogWriter final : public proxy::AccessLog {
 public:
  enum class Which { kErrors, kAll };  ///< kErrors: a status from 500 on, a flag, or no answer

  static constexpr size_t kMaxWaiting = size_t{1} << 20;  ///< bytes

  AccessLogWriter(Which which, Fd out);
  /// Writes what waits, as far as the reader takes it without a pause.
  ~AccessLogWriter() override;

  /// From any thread.
  void record(const proxy::RequestRecord& record) override;

  /// Lines that found no room until now.
  uint64_t dropped() const;

 private:
  void run();
  bool stopping() const;
  bool writeAll(std::string_view text) const;

  const Which which_;
  const Fd out_;
  mutable std::mutex mutex_;
  std::condition_variable news_;
  std::string waiting_;
  uint64_t dropped_ = 0;
  uint64_t reported_ = 0;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace sluice::agent
