// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/match/dfa.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

namespace sluice::match {
namespace {

using Nodes = std::vector<uint32_t>;  ///< sorted, without splits

struct HashNodes {
  size_t operator()(const Nodes& nodes) const {
    uint64_t hash = 0xcbf29ce484222325;
    for (const auto node : nodes) hash = (hash ^ node) * 0x9e3779b97f4a7c15;
    return hash ^ (hash >> 32);
  }
};

class SubsetConstruction {
 public:
  SubsetConstruction(const Nfa& nfa, size_t max_states, size_t& budget)
      : nfa_(nfa), max_states_(max_states), budget_(budget), seen_in_(nfa.nodes().size()) {
    dfa_.classes = ByteClasses::of(nfa.sets());
    for (const auto& set : nfa.sets()) classes_of_set_.push_back(dfa_.classes.in(set));
  }

  std::optional<Dfa> run() {
    stateOf(nfa_.starts());
    for (uint32_t state = 0; state < dfa_.states.size(); ++state) {
      expand(state);
      if (dfa_.states.size() > max_states_ || is_spent_) return std::nullopt;
    }
    return std::move(dfa_);
  }

 private:
  /// The moves of one state, class by class.
  void expand(uint32_t state) {
    absorbing_.clear();
    for (const auto node : *members_[state]) sortOut(node);
    std::sort(touched_.begin(), touched_.end());
    const auto first = static_cast<uint32_t>(dfa_.moves.size());
    for (const auto byte_class : touched_) addMove(byte_class);
    const auto rest = stateOf(absorbing_);
    auto& done = dfa_.states[state];
    done.first_move = first;
    done.move_count = static_cast<uint32_t>(touched_.size());
    done.rest = rest;
    touched_.clear();
  }

  void sortOut(uint32_t id) {
    const auto& node = nfa_.nodes()[id];
    if (node.kind == Nfa::Kind::kAbsorb || node.kind == Nfa::Kind::kUnknown)
      absorbing_.push_back(id);
    if (node.kind != Nfa::Kind::kByte) return;
    for (const auto byte_class : classes_of_set_[node.first]) {
      auto& reached = reached_[byte_class];
      if (reached.empty()) touched_.push_back(byte_class);
      reached.push_back(node.second);
    }
  }

  void addMove(uint8_t byte_class) {
    auto& reached = reached_[byte_class];
    reached.insert(reached.end(), absorbing_.begin(), absorbing_.end());
    const auto target = stateOf(reached);
    dfa_.moves.push_back({byte_class, target});
    reached.clear();
  }

  uint32_t stateOf(const Nodes& reached) {
    auto nodes = closureOf(reached);
    const auto [at, is_new] =
        ids_.try_emplace(std::move(nodes), static_cast<uint32_t>(dfa_.states.size()));
    if (!is_new) return at->second;
    members_.push_back(&at->first);
    dfa_.states.push_back({0, 0, 0, outcomeOf(at->first)});
    return at->second;
  }

  /// All nodes that can be reached without a byte.
  Nodes closureOf(const Nodes& reached) {
    ++round_;
    Nodes nodes;
    pending_ = reached;
    spend(1 + reached.size());
    while (!pending_.empty() && !is_spent_) {
      const auto id = pending_.back();
      pending_.pop_back();
      if (std::exchange(seen_in_[id], round_) == round_) continue;
      const auto& node = nfa_.nodes()[id];
      if (node.kind != Nfa::Kind::kSplit) {
        nodes.push_back(id);
        continue;
      }
      pending_.push_back(node.first);
      pending_.push_back(node.second);
      spend(2);
    }
    std::sort(nodes.begin(), nodes.end());
    return nodes;
  }

  void spend(size_t steps) {
    is_spent_ = is_spent_ || steps > budget_;
    budget_ -= std::min(steps, budget_);
  }

  uint32_t outcomeOf(const Nodes& nodes) {
    Outcome outcome;
    for (const auto id : nodes) {
      const auto& node = nfa_.nodes()[id];
      if (node.kind == Nfa::Kind::kAccept || node.kind == Nfa::Kind::kAbsorb)
        outcome.matches.push_back(node.first);
      if (node.kind == Nfa::Kind::kUnknown) outcome.unknown.push_back(node.first);
    }
    tidy(outcome);
    const auto [at, is_new] =
        outcome_ids_.try_emplace(outcome, static_cast<uint32_t>(dfa_.outcomes.size()));
    if (is_new) dfa_.outcomes.push_back(std::move(outcome));
    return at->second;
  }

  static void sortUnique(std::vector<PatternId>& patterns) {
    std::sort(patterns.begin(), patterns.end());
    patterns.erase(std::unique(patterns.begin(), patterns.end()), patterns.end());
  }

  static void tidy(Outcome& outcome) {
    sortUnique(outcome.matches);
    sortUnique(outcome.unknown);
    std::erase_if(outcome.unknown, [&](PatternId pattern) {
      return std::binary_search(outcome.matches.begin(), outcome.matches.end(), pattern);
    });
  }

  const Nfa& nfa_;
  size_t max_states_;
  size_t& budget_;
  bool is_spent_ = false;
  Dfa dfa_;
  std::vector<std::vector<uint8_t>> classes_of_set_;
  std::unordered_map<Nodes, uint32_t, HashNodes> ids_;
  std::vector<const Nodes*> members_;  ///< by state; keys of ids_, which do not move
  std::map<Outcome, uint32_t> outcome_ids_;

  std::array<Nodes, 256> reached_;  ///< by class, of the state that is being expanded
  std::vector<uint8_t> touched_;    ///< classes that reached_ has something for
  Nodes absorbing_;
  Nodes pending_;
  std::vector<uint32_t> seen_in_;  ///< by node: the round in which it was seen last
  uint32_t round_ = 0;
};

}  // namespace

std::optional<Dfa> determinise(const Nfa& nfa, size_t max_states, size_t& budget) {
  return SubsetConstruction(nfa, max_states, budget).run();
}

}  // namespace sluice::match
