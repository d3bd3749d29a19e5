// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <functional>
#include <initializer_list>
#include <memory>

#include "userspace/base/reactor.h"

namespace sluice::broker {

/// Signals as events of a reactor. Blocks them for the calling thread as long as it lives; threads
/// that are started later inherit that, earlier ones must block them on their own.
class Signals {
 public:
  using Handler = std::function<void(int number)>;

  static Result<std::unique_ptr<Signals>> watch(Reactor& reactor,
                                                std::initializer_list<int> numbers,
                                                Handler handler);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  Signals(Reactor& reactor, Fd fd, const sigset_t& before, Handler handler);
  void onReadable();

  Reactor& reactor_;
  Fd fd_;
  sigset_t before_;
  Handler handler_;
};

}  // namespace sluice::broker
