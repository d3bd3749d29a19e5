// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/match/pattern_set.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "userspace/routing/match/regex.h"

namespace sluice::match {
namespace {

/// Of one expression on its own.
constexpr size_t kStatesOfRegex = 512;
constexpr size_t kStepsOfRegex = 1 << 14;
/// What all expressions together may add to what the literals take.
constexpr size_t kStatesOfRegexes = 2048;
constexpr size_t kStepsOfRegexes = 1 << 16;
constexpr size_t kStepsOfByte = 4;
/// Of any automaton; bounds the memory that building takes.
constexpr size_t kMaxStates = 1 << 18;
constexpr size_t kMaxBytes = 1 << 20;  ///< of literals
constexpr size_t kMaxSteps = ~size_t{0};
/// The automaton of no pattern takes a few, and always has them.
constexpr size_t kStepsOfNothing = 16;

bool fitsAlone(const Pattern& pattern, size_t& steps) {
  Nfa nfa;
  if (!addRegex(nfa, 0, pattern.text)) return false;
  size_t own = std::min(steps, kStepsOfRegex);
  steps -= own;
  const bool fits = determinise(nfa, kStatesOfRegex, own).has_value();
  steps += own;
  return fits;
}

class Compiler {
 public:
  Compiler(std::span<const Pattern> patterns, Limits& limits)
      : patterns_(patterns), limits_(limits), parts_(patterns.size()) {
    for (PatternId id = 0; id < patterns.size(); ++id) choosePart(id);
  }

  CompiledPatterns compile() {
    for (;;) {
      if (auto dfa = attempt()) return {*std::move(dfa), isHeld()};
      count(isWholeRegex) > 0 ? giveUpHalf(isWholeRegex) : giveUpHalf(isInAutomaton);
    }
  }

 private:
  /// What of a pattern is in the automaton.
  struct Part {
    enum class Size { kWhole, kPrefix, kNothing };
    Size size = Size::kWhole;
    bool is_regex = false;
    std::string prefix;  ///< of kPrefix: what every text that matches begins with
  };
  using Test = bool (*)(const Part&);

  static bool isInAutomaton(const Part& part) { return part.size != Part::Size::kNothing; }
  static bool isWholeRegex(const Part& part) {
    return part.is_regex && part.size == Part::Size::kWhole;
  }

  void choosePart(PatternId id) {
    const auto& pattern = patterns_[id];
    parts_[id].is_regex = pattern.kind == Pattern::Kind::kRegex;
    if (parts_[id].is_regex && !fitsAlone(pattern, limits_.regex_steps)) reduce(id);
  }

  /// From an expression to its prefix, if it has one; from anything else to nothing.
  void reduce(PatternId id) {
    auto& part = parts_[id];
    if (isWholeRegex(part)) part.prefix = prefixOfRegex(patterns_[id].text);
    const bool has_prefix = isWholeRegex(part) && !part.prefix.empty();
    part.size = has_prefix ? Part::Size::kPrefix : Part::Size::kNothing;
  }

  size_t count(Test test) const {
    return static_cast<size_t>(std::count_if(parts_.begin(), parts_.end(), test));
  }

  /// The later ones: the first rules decide most requests.
  void giveUpHalf(Test test) {
    size_t kept = count(test) / 2;
    for (PatternId id = 0; id < parts_.size(); ++id) {
      if (!test(parts_[id])) continue;
      if (kept > 0) {
        --kept;
      } else {
        reduce(id);
      }
    }
  }

  std::optional<Dfa> attempt() const {
    const size_t bytes = literalBytes();
    if (bytes > kMaxBytes) return std::nullopt;
    auto dfa = count(isWholeRegex) > 0 ? withRegexes(bytes)
                                       : withPart(kMaxStates, limits_.steps, kMaxSteps);
    // Nothing is as small as it gets: one state.
    const bool fits =
        dfa && dfa->states.size() + dfa->moves.size() <= std::max(limits_.cells, size_t{1});
    return fits ? std::move(dfa) : std::nullopt;
  }

  std::optional<Dfa> withRegexes(size_t bytes) const {
    // A text is known by the literal that it begins, in its own case or in any.
    const size_t states = std::min(2 * bytes + kStatesOfRegexes, kMaxStates);
    return withPart(states, limits_.regex_steps, bytes * kStepsOfByte + kStepsOfRegexes);
  }

  /// With half of the steps that are left, or `most`: a failure leaves enough for less.
  std::optional<Dfa> withPart(size_t states, size_t& left, size_t most) const {
    size_t steps = std::min(left / 2, most);
    left -= steps;
    steps += kStepsOfNothing;
    auto dfa = determinise(nfa(), states, steps);
    left += steps - std::min(steps, kStepsOfNothing);
    return dfa;
  }

  size_t literalBytes() const {
    size_t bytes = 0;
    for (PatternId id = 0; id < parts_.size(); ++id) bytes += literalOf(id).size();
    return bytes;
  }

  /// What is in the automaton as plain bytes.
  std::string_view literalOf(PatternId id) const {
    const auto& part = parts_[id];
    if (part.size == Part::Size::kPrefix) return part.prefix;
    return isInAutomaton(part) && !part.is_regex ? patterns_[id].text : std::string_view{};
  }

  Nfa nfa() const {
    Nfa nfa;
    for (PatternId id = 0; id < parts_.size(); ++id)
      if (isInAutomaton(parts_[id])) add(nfa, id);
    return nfa;
  }

  void add(Nfa& nfa, PatternId id) const {
    const auto& pattern = patterns_[id];
    if (isWholeRegex(parts_[id])) {
      addRegex(nfa, id, pattern.text);
      return;
    }
    nfa.addLiteral(id, literalOf(id), pattern.ignore_case, endOf(pattern.kind));
  }

  static Nfa::End endOf(Pattern::Kind kind) {
    switch (kind) {
      case Pattern::Kind::kExact:
        return Nfa::End::kExact;
      case Pattern::Kind::kPrefix:
        return Nfa::End::kPrefix;
      case Pattern::Kind::kRegex:
        return Nfa::End::kUnknown;
    }
    return Nfa::End::kUnknown;
  }

  std::vector<bool> isHeld() const {
    std::vector<bool> held(parts_.size());
    std::transform(parts_.begin(), parts_.end(), held.begin(), isInAutomaton);
    return held;
  }

  std::span<const Pattern> patterns_;
  Limits& limits_;
  std::vector<Part> parts_;  ///< by pattern
};

}  // namespace

CompiledPatterns compilePatterns(std::span<const Pattern> patterns, Limits& limits) {
  return Compiler(patterns, limits).compile();
}

}  // namespace sluice::match
