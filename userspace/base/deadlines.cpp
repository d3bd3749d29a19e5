// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/deadlines.h"

namespace sluice {

void Timed::leave() {
  if (list_ != nullptr) list_->unlink(*this);
}

DeadlineList::~DeadlineList() {
  reactor_.cancel(timer_);
  while (first_ != nullptr) unlink(*first_);
}

void DeadlineList::join(Timed& member) {
  member.leave();
  member.list_ = this;
  member.due_ = reactor_.now() + duration_;
  member.previous_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &member;
  last_ = &member;
  if (timer_ == 0) arm();
}

void DeadlineList::unlink(Timed& member) {
  (member.previous_ != nullptr ? member.previous_->next_ : first_) = member.next_;
  (member.next_ != nullptr ? member.next_->previous_ : last_) = member.previous_;
  member.list_ = nullptr;
  member.previous_ = member.next_ = nullptr;
}

// The timer stays armed when members leave: it fires once too early and is set anew, which is
// cheaper than moving it with every request.
void DeadlineList::arm() {
  timer_ = reactor_.at(first_->due_, [this] { expireDue(); });
}

void DeadlineList::expireDue() {
  timer_ = 0;
  const TimePoint now = reactor_.now();
  while (first_ != nullptr && first_->due_ <= now) {
    Timed& member = *first_;
    unlink(member);
    member.expired();
  }
  if (first_ != nullptr && timer_ == 0) arm();
}

void DeadlineList::expireAll() {
  // Those that join again while this runs are left alone.
  Timed* const last = last_;
  while (first_ != nullptr) {
    Timed& member = *first_;
    const bool is_last = &member == last;
    unlink(member);
    member.expired();
    if (is_last) return;
  }
}

}  // namespace sluice
