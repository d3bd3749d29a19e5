// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

#include "userspace/base/reactor.h"

namespace sluice::broker {

/// Looks again and again, as long as there is something to wait for, and not more often than it is
/// worth: a look lists every socket of the workloads' namespaces.
class Rounds {
 public:
  /// From one look to the next while something is left to do.
  static constexpr Duration kPeriod = std::chrono::seconds(5);
  /// From one look to the next, however often it is asked for.
  static constexpr Duration kLeast = std::chrono::seconds(1);

  /// `look` answers whether something is left to do.
  Rounds(Reactor& reactor, std::function<bool()> look)
      : reactor_(reactor), look_(std::move(look)) {}
  ~Rounds();
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;

  /// There is something new to look at.
  void soon();

  /// Looks no more, whatever comes.
  void stop();

 private:
  void lookAfter(Duration delay);
  void look();

  Reactor& reactor_;
  std::function<bool()> look_;
  TimePoint last_{};  ///< the look before; none yet: long ago
  Reactor::TimerId timer_ = 0;
  bool stopped_ = false;
};

}  // namespace sluice::broker
