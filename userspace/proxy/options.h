// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>

#include "userspace/base/clock.h"

namespace sluice::proxy {

/// Limits of a worker. The defaults are the ones that docs/proxy.md states.
struct WorkerOptions {
  Duration client_idle = std::chrono::hours(1);      ///< between two requests (Istio: 1 h)
  Duration head_timeout = std::chrono::seconds(60);  ///< from the first byte of a head to its last
  /// On a port of no declared protocol: how long a client may be silent until it is taken for one
  /// that lets the server speak first.
  Duration detection_timeout = std::chrono::seconds(1);
  Duration connect_timeout = std::chrono::seconds(10);  ///< per attempt (Istio: 10 s)
  Duration upstream_idle = std::chrono::hours(1);       ///< of a kept connection (Istio: 1 h)
  Duration linger = std::chrono::seconds(2);            ///< reading on after a refusal
  /// A request whose destination is gone from the kernel's tables waits at most this long for
  /// the configuration that says so.
  Duration config_wait = std::chrono::seconds(1);
  Duration accept_pause = std::chrono::milliseconds(100);  ///< when no descriptor is left
  Duration mirror_timeout = std::chrono::seconds(15);      ///< of a copy, at most
  size_t mirrored_requests = 1024;                         ///< copies on their way at once
  size_t mirrored_bytes = size_t{16} * 1024 * 1024;        ///< of those copies
  size_t idle_per_endpoint = 512;  ///< kept connections per workload and endpoint
  size_t kept_buffers = 256;       ///< free blocks of kBufferBytes that are kept for reuse
  /// Once descriptors have numbers from this one on, they are kept for workloads that have less
  /// than the share below; WorkerFleet derives both from how many the process may have.
  int scarce_descriptor = INT_MAX;
  uint32_t connections_per_workload = 0;  ///< of clients, at all workers: a workload's share
  size_t pipes = 64;      ///< bodies at once that pass by a pipe, two descriptors each
  int accept_batch = 64;  ///< connections taken from a listener's backlog at once
};

/// Bytes that one direction of one connection holds at most: the window of back-pressure, and
/// one whole head.
inline constexpr size_t kBufferBytes = 64 * 1024;

/// The same, of a body that passes by a pipe instead. Not the same size: each load costs several
/// calls and page references, and loads of 64 KiB take more time than their copies.
inline constexpr size_t kPipeBytes = 256 * 1024;

}  // namespace sluice::proxy
