// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "tests/support/lab.h"

namespace sluice::test {

/// What wrk is asked to do.
struct Load {
  int connections = 32;
  std::chrono::seconds length{1};
  bool close = false;       ///< a connection for each request
  size_t head_bytes = 100;  ///< of a request's head, about
};

/// What it says.
struct Sample {
  double rate = 0;  ///< requests per second
  std::chrono::nanoseconds p50{}, p99{}, p999{};
  double cpu_us = 0;  ///< of the proxy, for each request
};

/// Loads `url` from the host web with requests that alternate between the two clusters. Any answer
/// that is no 2xx, and any error of a socket, is an error. `proxy`: whose CPU time, that of its
/// children included, is counted.
Result<Sample> measure(const Lab& lab, const Load& load, const std::string& url, pid_t proxy);

/// Resident memory of a process and its children, in KiB.
size_t residentKib(pid_t process);

}  // namespace sluice::test
