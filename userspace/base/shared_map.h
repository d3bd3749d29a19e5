// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "userspace/base/copy_on_write.h"

namespace sluice {

/// A map in the order of its keys whose copies share what they have in common: a copy costs a
/// hundredth of the elements, a change of a copy the neighbourhood of what is changed, and
/// forEachDifference() of two copies what differs between them.
///
/// Elements are in runs of some dozens; a run that another copy has, too, is copied before it is
/// changed. Copies may be used, and destroyed, by different threads; one map by one thread, or by
/// several while nobody changes it.
template <typename Key, typename Value, typename Less = std::less<>>
class SharedMap {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the names of the standard library's maps
  using value_type = std::pair<Key, Value>;

  class const_iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = SharedMap::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    const_iterator() = default;
    reference operator*() const { return (*map_->runs_[run_])[at_]; }
    pointer operator->() const { return &**this; }
    const_iterator& operator++() {
      if (++at_ == map_->runs_[run_]->size()) {
        ++run_;
        at_ = 0;
      }
      return *this;
    }
    const_iterator operator++(int) {
      auto before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const const_iterator&, const const_iterator&) = default;

   private:
    friend SharedMap;
    const_iterator(const SharedMap* map, size_t run, size_t at) : map_(map), run_(run), at_(at) {}
    const SharedMap* map_ = nullptr;
    size_t run_ = 0, at_ = 0;
  };

  const_iterator begin() const { return {this, 0, 0}; }
  const_iterator end() const { return {this, runs_.size(), 0}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// The first element that is not before `key`.
  template <typename K>
  const_iterator lower_bound(const K& key) const {
    const size_t run = runOf(key);
    if (run == runs_.size()) return end();
    return {this, run, indexIn(*runs_[run], key)};
  }

  template <typename K>
  const_iterator find(const K& key) const {
    const auto at = lower_bound(key);
    return at != end() && !Less()(key, at->first) ? at : end();
  }

  template <typename K>
  bool contains(const K& key) const {
    return find(key) != end();
  }

  /// Null: no such key. Until the map is changed.
  template <typename K>
  const Value* get(const K& key) const {
    const auto at = find(key);
    return at == end() ? nullptr : &at->second;
  }

  // NOLINTEND(readability-identifier-naming)

  /// Puts `value` in the place of what the key had, or of nothing.
  void set(Key key, Value value) {
    size_t run = runOf(key);
    // What comes last goes behind the last run's elements: a map that is filled in order is dense.
    if (run == runs_.size()) {
      if (runs_.empty() || runs_.back()->size() == kMost) runs_.push_back(std::make_shared<Run>());
      run = runs_.size() - 1;
    }
    Run& elements = own(run);
    const size_t index = indexIn(elements, key);
    if (index < elements.size() && !Less()(key, elements[index].first)) {
      elements[index].second = std::move(value);
      return;
    }
    const auto at = elements.begin() + static_cast<std::ptrdiff_t>(index);
    elements.emplace(at, std::move(key), std::move(value));
    ++size_;
    if (elements.size() > kMost) split(run);
  }

  /// Whether there was one.
  template <typename K>
  bool erase(const K& key) {
    const auto found = find(key);
    if (found == end()) return false;
    Run& elements = own(found.run_);
    elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(found.at_));
    if (elements.empty()) runs_.erase(runs_.begin() + static_cast<std::ptrdiff_t>(found.run_));
    --size_;
    return true;
  }

  void clear() { *this = SharedMap(); }

  /// By content.
  friend bool operator==(const SharedMap& a, const SharedMap& b) {
    return a.size_ == b.size_ && std::equal(a.begin(), a.end(), b.begin());
  }

  /// Calls visit(key, before, after) for each key whose value is not the same in both, in order; a
  /// pointer is null where there is no such key.
  template <typename Visit>
  friend void forEachDifference(const SharedMap& before, const SharedMap& after,
                                const Visit& visit) {
    auto a = before.begin();
    auto b = after.begin();
    while (a != before.end() || b != after.end()) {
      if (before.skipShared(a, after, b)) continue;
      const bool left = b == after.end() || (a != before.end() && Less()(a->first, b->first));
      const bool right = a == before.end() || (b != after.end() && Less()(b->first, a->first));
      if (left) {
        visit(a->first, &a->second, static_cast<const Value*>(nullptr));
      } else if (right) {
        visit(b->first, static_cast<const Value*>(nullptr), &b->second);
      } else if (!(a->second == b->second)) {
        visit(a->first, &a->second, &b->second);
      }
      if (!right) ++a;
      if (!left) ++b;
    }
  }

 private:
  using Run = std::vector<value_type>;
  static constexpr size_t kMost = 64;  ///< elements of a run

  /// The first run whose last element is not before `key`.
  template <typename K>
  size_t runOf(const K& key) const {
    const auto at = std::partition_point(runs_.begin(), runs_.end(), [&](const auto& run) {
      return Less()(run->back().first, key);
    });
    return static_cast<size_t>(at - runs_.begin());
  }

  template <typename K>
  static size_t indexIn(const Run& run, const K& key) {
    const auto at = std::partition_point(
        run.begin(), run.end(), [&](const auto& element) { return Less()(element.first, key); });
    return static_cast<size_t>(at - run.begin());
  }

  Run& own(size_t index) { return ownCopy(runs_[index]); }

  void split(size_t index) {
    Run& run = *runs_[index];
    const auto half = run.begin() + static_cast<std::ptrdiff_t>(run.size() / 2);
    auto rest =
        std::make_shared<Run>(std::make_move_iterator(half), std::make_move_iterator(run.end()));
    run.erase(half, run.end());
    runs_.insert(runs_.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(rest));
  }

  /// Passes over a run that both maps have, when both iterators are at its beginning.
  bool skipShared(const_iterator& at, const SharedMap& other, const_iterator& there) const {
    if (at.at_ != 0 || there.at_ != 0 || at == end() || there == other.end()) return false;
    if (runs_[at.run_] != other.runs_[there.run_]) return false;
    ++at.run_;
    ++there.run_;
    return true;
  }

  std::vector<std::shared_ptr<Run>> runs_;  ///< none empty
  size_t size_ = 0;
};

}  // namespace sluice
