// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "userspace/base/reactor.h"

namespace sluice {

class DeadlineList;

/// Something that may expire; in at most one list at a time.
class Timed {
 public:
  Timed() = default;
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;
  virtual ~Timed() { leave(); }

  /// Does nothing when it is in no list.
  void leave();
  /// Whether it is in one.
  bool expires() const { return list_ != nullptr; }

 private:
  friend class DeadlineList;
  /// Called once it has left its list; may join again.
  virtual void expired() = 0;

  DeadlineList* list_ = nullptr;
  Timed* previous_ = nullptr;
  Timed* next_ = nullptr;
  TimePoint due_;
};

/// Members that expire the same time after they joined, so that their order is the order of
/// joining: joining and leaving are a few pointers, and all members share one timer. For what
/// happens with every request, where a timer of its own would be an allocation.
class DeadlineList {
 public:
  DeadlineList(Reactor& reactor, Duration duration) : reactor_(reactor), duration_(duration) {}
  DeadlineList(const DeadlineList&) = delete;
  DeadlineList& operator=(const DeadlineList&) = delete;
  ~DeadlineList();

  /// Leaves the list that it was in. `member` must leave before it goes.
  void join(Timed& member);
  bool empty() const { return first_ == nullptr; }
  /// Lets every member expire now.
  void expireAll();

 private:
  friend class Timed;
  void unlink(Timed& member);
  void arm();
  void expireDue();

  Reactor& reactor_;
  Duration duration_;
  Reactor::TimerId timer_ = 0;
  Timed* first_ = nullptr;
  Timed* last_ = nullptr;
};

}  // namespace sluice
