// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/match/automaton_writer.h"

#include <algorithm>
#include <map>

namespace sluice::match {
namespace {

/// A state's transitions that are written: those that do not go to `fallback`.
struct Row {
  uint32_t fallback = 0;  ///< state of the Dfa
  std::vector<Dfa::Move> slots;
};

/// Target of most classes.
uint32_t commonTarget(const Dfa& dfa, const Dfa::State& state, std::span<const Dfa::Move> moves) {
  const size_t others = dfa.classes.count() - moves.size();
  if (others >= moves.size()) return state.rest;
  std::map<uint32_t, size_t> counts = {{state.rest, others}};
  for (const auto& move : moves) ++counts[move.target];
  return std::max_element(counts.begin(), counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

/// The classes that have no move go to `rest`, which has to be written when it is not the fallback.
void addRest(const Dfa& dfa, const Dfa::State& state, std::span<const Dfa::Move> moves, Row& row) {
  auto next = moves.begin();
  for (size_t i = 0; i < dfa.classes.count(); ++i) {
    if (next != moves.end() && next->byte_class == i) {
      ++next;
      continue;
    }
    row.slots.push_back({static_cast<uint8_t>(i), state.rest});
  }
}

Row rowOf(const Dfa& dfa, const Dfa::State& state) {
  const auto moves = std::span(dfa.moves).subspan(state.first_move, state.move_count);
  Row row;
  row.fallback = commonTarget(dfa, state, moves);
  for (const auto& move : moves)
    if (move.target != row.fallback) row.slots.push_back(move);
  if (row.fallback != state.rest) addRest(dfa, state, moves, row);
  return row;
}

/// Finds room for rows between each other (a comb; Tarjan and Yao 1979): most states have one or
/// two transitions, a row of all classes would be fifty times as large.
class Comb {
 public:
  /// Index of the state, relative to the automaton's first cell.
  uint32_t place(const Row& row) {
    const auto at = find(row);
    take(at);
    for (const auto& slot : row.slots) take(at + 1 + slot.byte_class);
    return at;
  }

 private:
  /// Looks at a few places before it takes the end of the array: time stays linear.
  uint32_t find(const Row& row) {
    constexpr uint32_t kWindow = 128;
    while (isTaken(lowest_)) ++lowest_;
    const auto end = static_cast<uint32_t>(taken_.size());
    for (auto at = lowest_; at < std::min(lowest_ + kWindow, end); ++at)
      if (!isTaken(at) && fits(row, at)) return at;
    lowest_ = std::min(lowest_ + kWindow / 4, end);
    return end;
  }

  bool fits(const Row& row, uint32_t at) const {
    return std::none_of(row.slots.begin(), row.slots.end(),
                        [&](const auto& slot) { return isTaken(at + 1 + slot.byte_class); });
  }

  bool isTaken(uint32_t at) const { return at < taken_.size() && taken_[at]; }

  void take(uint32_t at) {
    if (at >= taken_.size()) taken_.resize(at + 1);
    taken_[at] = true;
  }

  std::vector<bool> taken_;
  uint32_t lowest_ = 0;
};

uint32_t writeClasses(Cells& cells, const ByteClasses& classes) {
  const auto first = cells.append(256 / 8);
  for (uint32_t byte = 0; byte < 256; ++byte)
    cells[first + byte / 8].bits |= uint64_t{classes.ofBytes()[byte]} << (byte % 8 * 8);
  return first;
}

bool isSink(const Row& row, uint32_t state) { return row.fallback == state && row.slots.empty(); }

}  // namespace

match_automaton writeAutomaton(Cells& cells, const Dfa& dfa, std::span<const uint32_t> accepts) {
  const auto classes = writeClasses(cells, dfa.classes);
  const auto base = static_cast<uint32_t>(cells.size());
  std::vector<Row> rows;
  std::vector<uint32_t> places;
  Comb comb;
  for (const auto& state : dfa.states) {
    rows.push_back(rowOf(dfa, state));
    places.push_back(base + comb.place(rows.back()));
  }
  // A walk reads the slot of any class of any state.
  cells.append(*std::max_element(places.begin(), places.end()) - base + 1 + dfa.classes.count());
  for (uint32_t i = 0; i < rows.size(); ++i) {
    const auto fallback = isSink(rows[i], i) ? 0 : places[rows[i].fallback];
    cells[places[i]].state = {accepts[dfa.states[i].outcome], fallback};
    for (const auto& slot : rows[i].slots)
      cells[places[i] + 1 + slot.byte_class].slot = {places[i], places[slot.target]};
  }
  return {places[0], classes};
}

}  // namespace sluice::match
