// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/match/pattern_set.h"

#include <re2/re2.h>

#include <algorithm>

#include "userspace/routing/match/regex.h"

namespace sluice::match {
namespace {

/// States that one expression may have, and that all of them may add to those of the literals.
constexpr size_t kStatesOfRegex = 512;
constexpr size_t kStatesOfRegexes = 4096;
/// Nodes of the nondeterministic automaton that a deterministic state stands for, on average.
constexpr size_t kWorkOfState = 64;

/// Every text that matches begins with it; nothing is known of what does not parse.
std::string necessaryPrefix(const std::string& expression) {
  constexpr int kLength = 64;
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 regex(expression, options);
  std::string least, most;
  if (!regex.ok() || !regex.PossibleMatchRange(&least, &most, kLength)) return {};
  const auto [differs, unused] =
      std::mismatch(least.begin(), least.end(), most.begin(), most.end());
  return {least.begin(), differs};
}

bool fitsAlone(const Pattern& pattern) {
  Nfa nfa;
  return addRegex(nfa, 0, pattern.text) &&
         determinise(nfa, {kStatesOfRegex, kStatesOfRegex * kWorkOfState});
}

class Compiler {
 public:
  Compiler(std::span<const Pattern> patterns, size_t max_cells)
      : patterns_(patterns), max_cells_(max_cells), kept_(patterns.size()) {
    for (const auto& pattern : patterns) {
      const bool is_regex = pattern.kind == Pattern::Kind::kRegex;
      is_whole_.push_back(!is_regex || fitsAlone(pattern));
      texts_.push_back(is_whole_.back() ? pattern.text : necessaryPrefix(pattern.text));
      if (is_regex && is_whole_.back()) ++whole_regexes_;
    }
  }

  Dfa compile() {
    for (;;) {
      if (auto dfa = attempt()) return *std::move(dfa);
      if (whole_regexes_ > 0) {
        keepRegexes(whole_regexes_ / 2);
      } else {
        kept_ /= 2;
      }
    }
  }

 private:
  /// One state is enough for patterns of which nothing is kept: the last attempt succeeds.
  std::optional<Dfa> attempt() const {
    // A text is known by the literal that it begins, in its own case or in any.
    const size_t literal_states = 2 * literalBytes() + 2;
    if (literal_states > max_cells_ && kept_ > 0) return std::nullopt;
    const size_t states = literal_states + (whole_regexes_ > 0 ? kStatesOfRegexes : 0);
    auto dfa = determinise(nfa(), {states, states * kWorkOfState + patterns_.size()});
    const bool fits = dfa && dfa->states.size() + dfa->moves.size() <= max_cells_;
    return fits || kept_ == 0 ? std::move(dfa) : std::nullopt;
  }

  size_t literalBytes() const {
    size_t bytes = 0;
    for (PatternId id = 0; id < kept_; ++id)
      if (!isWholeRegex(id)) bytes += texts_[id].size();
    return bytes;
  }

  bool isWholeRegex(PatternId id) const {
    return patterns_[id].kind == Pattern::Kind::kRegex && is_whole_[id];
  }

  Nfa nfa() const {
    Nfa nfa;
    for (PatternId id = 0; id < kept_; ++id) add(nfa, id);
    for (auto id = static_cast<PatternId>(kept_); id < patterns_.size(); ++id)
      nfa.addLiteral(id, "", false, Nfa::End::kUnknown);
    return nfa;
  }

  void add(Nfa& nfa, PatternId id) const {
    const auto& pattern = patterns_[id];
    if (isWholeRegex(id)) {
      addRegex(nfa, id, pattern.text);
      return;
    }
    nfa.addLiteral(id, texts_[id], pattern.ignore_case, endOf(pattern.kind));
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

  void keepRegexes(size_t count) {
    whole_regexes_ = 0;
    for (PatternId id = 0; id < patterns_.size(); ++id) {
      if (!isWholeRegex(id)) continue;
      is_whole_[id] = whole_regexes_ < count;
      if (is_whole_[id]) {
        ++whole_regexes_;
      } else {
        texts_[id] = necessaryPrefix(patterns_[id].text);
      }
    }
  }

  std::span<const Pattern> patterns_;
  size_t max_cells_;
  std::vector<bool> is_whole_;      ///< held as it is; else as a prefix that it needs
  std::vector<std::string> texts_;  ///< of what is not whole: the prefix that it needs
  size_t whole_regexes_ = 0;
  size_t kept_;  ///< of all patterns; nothing is known of those behind
};

}  // namespace

Dfa compilePatterns(std::span<const Pattern> patterns, size_t max_cells) {
  return Compiler(patterns, max_cells).compile();
}

}  // namespace sluice::match
