// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "userspace/agent/access_log_line.h"
#include "userspace/base/fd.h"
#include "userspace/proxy/request_observer.h"

namespace sluice::agent {

/// Writes lines from a thread of its own: a reader that stalls costs lines, which are counted and
/// reported, and never the time of a request.
class AccessLogWriter final : public proxy::RequestObserver {
 public:
  enum class Which {
    kErrors,
    kAll
  };  ///< kErrors: a status from 500 on, one of gRPC that is not OK, a flag, or no answer

  static constexpr size_t kMaxWaiting = size_t{1} << 20;  ///< bytes

  AccessLogWriter(Which which, AccessLogFormat format, Fd out);
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
  const AccessLogFormat format_;
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
