// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/match/table.h"

#include <algorithm>
#include <map>
#include <utility>

#include "userspace/routing/match/automaton_writer.h"
#include "userspace/routing/match/cells.h"
#include "userspace/routing/match/field.h"

namespace sluice::match {
namespace {

/// In the order in which a table has its fields: parts of the request line come first.
using FieldKey = std::pair<match_source, std::string>;
using Fields = std::map<FieldKey, Field>;

class TableWriter {
 public:
  explicit TableWriter(std::span<const Alternative> alternatives)
      : alternatives_(alternatives.first(std::min<size_t>(alternatives.size(), kMost))),
        vectors_(cells_, alternatives_.size()) {
    for (uint32_t i = 0; i < alternatives_.size(); ++i) sortOut(i);
    // One bit for all that follow.
    if (alternatives.size() > kMost) maybe_.push_back(kMost - 1);
  }

  std::vector<match_cell> write() {
    cells_.append(MATCH_HEAD_SIZE);
    writeAlternatives();
    selectFields();
    writeFields();
    cells_[MATCH_HEAD_SHAPE].shape = {static_cast<uint32_t>(alternatives_.size()),
                                      static_cast<uint32_t>(vectors_.groups())};
    writeNames(MATCH_HEAD_HEADER_NAMES, MATCH_HEADER);
    writeNames(MATCH_HEAD_QUERY_NAMES, MATCH_QUERY);
    writeCertainty();
    cells_[MATCH_HEAD_CELLS].range = {0, static_cast<uint32_t>(cells_.size())};
    return std::move(cells_).take();
  }

 private:
  static constexpr uint32_t kMost = MATCH_MAX_ALTERNATIVES;
  static constexpr size_t kLongestName = 256;
  /// Steps of compiling all fields: a fraction of a second.
  static constexpr size_t kMaxSteps = 1 << 23;
  /// What is kept for the names of all fields, and the little that is written besides.
  static constexpr size_t kCellsOfNames = 1 << 18;

  void sortOut(uint32_t alternative) {
    if (alternative == kMost - 1) return;
    for (const auto& condition : alternatives_[alternative].conditions) {
      if (condition.name.size() > kLongestName) {
        maybe_.push_back(alternative);
        continue;
      }
      const FieldKey key{condition.source, condition.name};
      auto& field = fields_.try_emplace(key, condition.source).first->second;
      if (!field.add(alternative, condition)) maybe_.push_back(alternative);
    }
  }

  void writeAlternatives() {
    const auto count = static_cast<uint32_t>(alternatives_.size());
    const auto first = cells_.append(count);
    for (uint32_t i = 0; i < count; ++i) cells_[first + i].alternative = {alternatives_[i].rule, 0};
    cells_[MATCH_HEAD_ALTERNATIVES].range = {first, count};
  }

  /// Those that most conditions are on; the request line is never left out.
  void selectFields() {
    std::vector<Fields::iterator> optional;
    for (auto it = fields_.begin(); it != fields_.end(); ++it)
      if (it->first.first >= MATCH_LINE_PARTS) optional.push_back(it);
    const size_t room = MATCH_MAX_FIELDS - (fields_.size() - optional.size());
    if (optional.size() <= room) return;
    std::sort(optional.begin(), optional.end(), [](const auto& a, const auto& b) {
      if (a->second.weight() != b->second.weight()) return a->second.weight() > b->second.weight();
      return a->first < b->first;
    });
    for (size_t i = room; i < optional.size(); ++i) leaveOut(optional[i]);
  }

  Fields::iterator leaveOut(Fields::iterator field) {
    leaveOpen(field->second.alternatives());
    return fields_.erase(field);
  }

  void leaveOpen(const std::vector<uint32_t>& alternatives) {
    maybe_.insert(maybe_.end(), alternatives.begin(), alternatives.end());
  }

  /// Fills written_, one for each of fields_: a field that finds no room is left out.
  void writeEach() {
    Limits limits{MATCH_MAX_CELLS - kCellsOfNames, kMaxSteps, kMaxSteps};
    for (auto it = fields_.begin(); it != fields_.end();) {
      const auto size = cells_.size();
      if (auto written = it->second.write(cells_, vectors_, limits)) {
        leaveOpen(written->left_open);
        written_.push_back(*std::move(written));
        ++it;
      } else {
        vectors_.truncate(size);
        cells_.truncate(size);
        it = leaveOut(it);
      }
    }
  }

  void writeFields() {
    writeEach();
    first_field_ = cells_.append(written_.size() * MATCH_FIELD_CELLS);
    uint32_t number = 0;
    uint32_t line_fields = 0;
    for (const auto& [key, field] : fields_) {
      const auto at = fieldAt(number);
      cells_[at].automaton = written_[number].automaton;
      cells_[at + 1].field = written_[number].field;
      cells_[at + 2].place = {static_cast<uint32_t>(field.source()), number};
      if (field.source() < MATCH_LINE_PARTS) ++line_fields;
      ++number;
    }
    cells_[MATCH_HEAD_FIELDS].range = {first_field_, number};
    cells_[MATCH_HEAD_LINE_FIELDS].range = {first_field_, line_fields};
  }

  uint32_t fieldAt(uint32_t number) const { return first_field_ + number * MATCH_FIELD_CELLS; }

  /// An automaton from the names of these fields to their cells; none when there are none.
  void writeNames(match_head head, match_source source) {
    std::vector<Pattern> names;
    std::vector<uint32_t> cells_of_names;
    uint32_t number = 0;
    for (const auto& [key, field] : fields_) {
      const auto at = fieldAt(number++);
      if (key.first != source || !isAskedByName(key)) continue;
      names.push_back({Pattern::Kind::kExact, key.second, source == MATCH_HEADER});
      cells_of_names.push_back(at);
    }
    if (names.empty()) return;
    const auto automaton = automatonOf(names, cells_of_names);
    cells_[head].automaton = automaton;
  }

  /// Requests have no such header line: what is called so are parts of the request line.
  static bool isAskedByName(const FieldKey& key) {
    return key.first != MATCH_HEADER || !key.second.starts_with(':');
  }

  /// Of names a text has one meaning at most. As many as there are fields always find room.
  match_automaton automatonOf(const std::vector<Pattern>& names,
                              const std::vector<uint32_t>& cells_of_names) {
    Limits limits{kCellsOfNames / 2, kMaxSteps, 0};
    const auto dfa = compilePatterns(names, limits).dfa;
    std::vector<uint32_t> accepts;
    accepts.reserve(dfa.outcomes.size());
    for (const auto& outcome : dfa.outcomes)
      accepts.push_back(outcome.matches.empty() ? 0 : cells_of_names[outcome.matches.front()]);
    return writeAutomaton(cells_, dfa, accepts);
  }

  void writeCertainty() {
    Bits maybe = vectors_.none();
    Vectors::add(maybe, maybe_);
    // Writing moves the cells: what refers to them comes afterwards.
    const match_certainty certainty = {vectors_.write(allOf(alternatives_.size())),
                                       vectors_.write(maybe)};
    cells_[MATCH_HEAD_CERTAINTY].certainty = certainty;
  }

  std::span<const Alternative> alternatives_;
  Cells cells_;
  Vectors vectors_;
  Fields fields_;
  std::vector<Field::Written> written_;
  std::vector<uint32_t> maybe_;  ///< alternatives with a condition that is not in the table
  uint32_t first_field_ = 0;
};

}  // namespace

std::vector<match_cell> compileTable(std::span<const Alternative> alternatives) {
  return TableWriter(alternatives).write();
}

}  // namespace sluice::match
