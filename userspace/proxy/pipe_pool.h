// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "userspace/base/pipe.h"
#include "userspace/proxy/stats.h"

namespace sluice::proxy {

/// The pipes of one worker, for bodies that pass by it. Each is lent as long as there are bytes in
/// it, which is no longer than one turn unless their receiver stalls.
class PipePool {
 public:
  /// At most `most` at once.
  PipePool(size_t most, WorkerStats& stats) : most_(most), stats_(stats) {}

  /// An empty one; null where there is none, and its bytes have to be copied.
  std::unique_ptr<Pipe> take();
  /// One with bytes in it is closed: they are nobody's.
  void give(std::unique_ptr<Pipe> pipe);
  /// The kernel does not splice what it should, `error` says why: nobody gets a pipe any more.
  void giveUp(int error);

 private:
  size_t most_;
  size_t lent_ = 0;
  WorkerStats& stats_;
  std::vector<std::unique_ptr<Pipe>> kept_;
};

}  // namespace sluice::proxy
