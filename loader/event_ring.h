// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "maps/abi/types.h"
#include "userspace/base/fd.h"
#include "userspace/base/result.h"

namespace sluice::loader {

/// What the programs tell of single connections: the reader's end of the ring `events`, of which
/// there is one at a time. Reading it takes no system call.
class EventRing {
 public:
  using Handler = std::function<void(const event&)>;

  /// `ring`: its descriptor. Asks the kernel for its shape, which a sandbox may not allow.
  static Result<std::unique_ptr<EventRing>> open(Fd ring);
  ~EventRing();
  EventRing(const EventRing&) = delete;
  EventRing& operator=(const EventRing&) = delete;

  /// For epoll: readable as long as there are events. Borrowed.
  int fd() const;

  /// Takes the oldest events, in their order, and not more than kMostAtOnce: programs may tell them
  /// as fast as they are read.
  void read(const Handler& handler);
  static constexpr size_t kMostAtOnce = 1024;

 private:
  struct Reader;
  explicit EventRing(std::unique_ptr<Reader> reader);

  std::unique_ptr<Reader> reader_;
};

}  // namespace sluice::loader
