// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "userspace/routing/match/cells.h"
#include "userspace/routing/match/table.h"

namespace sluice::match {

/// All conditions on one field.
class Field {
 public:
  explicit Field(match_source source) : source_(source) {}

  /// False when `alternative` already asks for a line of this header: it may be another line, for
  /// which there is one bit too few.
  bool add(uint32_t alternative, const Condition& condition);

  match_source source() const { return source_; }
  /// How many conditions.
  size_t weight() const { return weight_; }
  /// Alternatives that have a condition here.
  std::vector<uint32_t> alternatives() const;

  struct Written {
    match_automaton automaton;
    match_default field;
    std::vector<uint32_t> left_open;  ///< alternatives with a condition that is not in the table
  };
  /// Nothing when it would take more cells than `limits` has; a part has been written then.
  std::optional<Written> write(Cells& cells, Vectors& vectors, Limits& limits) const;

 private:
  /// Of one pattern.
  struct Askers {
    std::vector<uint32_t> asking, refusing;
  };

  uint32_t writeAccept(Cells& cells, Vectors& vectors, const Outcome& outcome) const;
  uint32_t writeAbsent(Cells& cells, Vectors& vectors) const;
  uint32_t writeOpen(Vectors& vectors, const std::vector<bool>& is_held) const;
  std::optional<match_automaton> writeStates(Cells& cells, Vectors& vectors, const Dfa& dfa,
                                             size_t max_cells) const;
  std::vector<uint32_t> leftOpen(const std::vector<bool>& is_held) const;

  match_source source_;
  size_t weight_ = 0;
  std::vector<Pattern> patterns_;
  std::vector<Askers> askers_;  ///< by pattern
  std::map<Pattern, PatternId> ids_;
  std::vector<uint32_t> asking_;  ///< alternatives, sorted
  std::vector<uint32_t> refusing_absent_;
};

}  // namespace sluice::match
