// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "userspace/base/deadlines.h"

namespace sluice {

/// A DeadlineList for each duration that somebody asks for: for times that the configuration sets,
/// of which there are few different ones.
class DeadlineLists {
 public:
  explicit DeadlineLists(Reactor& reactor) : reactor_(reactor) {}

  DeadlineList& of(Duration duration) {
    return lists_.try_emplace(duration, reactor_, duration).first->second;
  }

 private:
  Reactor& reactor_;
  std::map<Duration, DeadlineList> lists_;
};

}  // namespace sluice
