// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/match/field.h"

#include "userspace/routing/match/automaton_writer.h"

namespace sluice::match {
namespace {

uint32_t writeVerdict(Cells& cells, uint32_t holds, uint32_t fails, uint32_t maybe) {
  const auto at = cells.append(2);
  cells[at].verdict = {holds, fails};
  cells[at + 1].doubt = {maybe, 0};
  return at;
}

}  // namespace

bool Field::add(uint32_t alternative, const Condition& condition) {
  if (!condition.refuses && !asking_.empty() && asking_.back() == alternative) return false;
  const auto [at, is_new] =
      ids_.try_emplace(condition.pattern, static_cast<PatternId>(patterns_.size()));
  if (is_new) {
    patterns_.push_back(condition.pattern);
    askers_.emplace_back();
  }
  auto& askers = askers_[at->second];
  (condition.refuses ? askers.refusing : askers.asking).push_back(alternative);
  if (!condition.refuses) asking_.push_back(alternative);
  if (condition.refuses_absent) refusing_absent_.push_back(alternative);
  ++weight_;
  return true;
}

std::vector<uint32_t> Field::alternatives() const {
  std::vector<uint32_t> all;
  for (const auto& askers : askers_) {
    all.insert(all.end(), askers.asking.begin(), askers.asking.end());
    all.insert(all.end(), askers.refusing.begin(), askers.refusing.end());
  }
  return all;
}

std::optional<Field::Written> Field::write(Cells& cells, Vectors& vectors, Limits& limits) const {
  const auto end = cells.size() + limits.cells;
  const auto [dfa, is_held] = compilePatterns(patterns_, limits);
  const auto open = writeOpen(vectors, is_held);
  const auto absent = writeAbsent(cells, vectors);
  const auto automaton = writeStates(cells, vectors, dfa, end);
  if (!automaton || cells.size() > end) return std::nullopt;
  limits.cells = end - cells.size();
  return Written{*automaton, {open, absent}, leftOpen(is_held)};
}

std::vector<uint32_t> Field::leftOpen(const std::vector<bool>& is_held) const {
  std::vector<uint32_t> alternatives;
  for (PatternId id = 0; id < patterns_.size(); ++id) {
    if (is_held[id]) continue;
    for (const auto* askers : {&askers_[id].asking, &askers_[id].refusing})
      alternatives.insert(alternatives.end(), askers->begin(), askers->end());
  }
  return alternatives;
}

/// An unknown pattern is taken for the answer that leaves the alternative possible.
uint32_t Field::writeAccept(Cells& cells, Vectors& vectors, const Outcome& outcome) const {
  Bits holds = vectors.none(), fails = vectors.none(), maybe = vectors.none();
  for (const auto id : outcome.matches) {
    Vectors::add(holds, askers_[id].asking);
    Vectors::add(fails, askers_[id].refusing);
  }
  for (const auto id : outcome.unknown) {
    Vectors::add(holds, askers_[id].asking);
    Vectors::add(maybe, askers_[id].asking);
    Vectors::add(maybe, askers_[id].refusing);
  }
  return writeVerdict(cells, vectors.write(holds), vectors.write(fails), vectors.write(maybe));
}

uint32_t Field::writeAbsent(Cells& cells, Vectors& vectors) const {
  const auto nothing = vectors.write(vectors.none());
  Bits refused = vectors.none();
  Vectors::add(refused, refusing_absent_);
  return writeVerdict(cells, nothing, vectors.write(refused), nothing);
}

uint32_t Field::writeOpen(Vectors& vectors, const std::vector<bool>& is_held) const {
  Bits open = allOf(vectors.alternatives());
  for (PatternId id = 0; id < patterns_.size(); ++id)
    if (is_held[id]) Vectors::remove(open, askers_[id].asking);
  return vectors.write(open);
}

std::optional<match_automaton> Field::writeStates(Cells& cells, Vectors& vectors, const Dfa& dfa,
                                                  size_t max_cells) const {
  std::vector<uint32_t> accepts;
  for (const auto& outcome : dfa.outcomes) {
    accepts.push_back(writeAccept(cells, vectors, outcome));
    if (cells.size() > max_cells) return std::nullopt;
  }
  return writeAutomaton(cells, dfa, accepts);
}

}  // namespace sluice::match
