// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/match/regex.h"

#include <algorithm>
#include <cctype>
#include <ranges>

#include "userspace/routing/match/regex_syntax.h"

namespace sluice::match {
namespace {

/// Turns an expression into nodes, from its end to its start, so that each part knows what follows.
class Emitter {
 public:
  Emitter(Nfa& nfa, PatternId pattern) : nfa_(nfa), pattern_(pattern) {}

  void emit(const Regex& regex) {
    unknown_ = nfa_.addNode(Nfa::Kind::kUnknown, pattern_);
    nfa_.addStart(part(regex, nfa_.addNode(Nfa::Kind::kAccept, pattern_)));
  }

 private:
  uint32_t part(const Regex& regex, uint32_t next) {
    switch (regex.kind) {
      case Regex::Kind::kCharacter:
        return character(regex, next);
      case Regex::Kind::kSequence:
        return sequence(regex, next);
      case Regex::Kind::kChoice:
        return choice(regex, next);
      case Regex::Kind::kRepeat:
        return repeat(regex, next);
    }
    return next;
  }

  uint32_t character(const Regex& regex, uint32_t next) {
    const auto ascii = nfa_.addByte(regex.bytes, next);
    if (!regex.others) return ascii;
    const auto others = nfa_.addByte(ByteSet{}.set() << 128, unknown_);
    return nfa_.addNode(Nfa::Kind::kSplit, ascii, others);
  }

  uint32_t sequence(const Regex& regex, uint32_t next) {
    for (const auto& element : std::views::reverse(regex.parts)) next = part(element, next);
    return next;
  }

  uint32_t choice(const Regex& regex, uint32_t next) {
    auto start = part(regex.parts.front(), next);
    for (size_t i = 1; i < regex.parts.size(); ++i)
      start = nfa_.addNode(Nfa::Kind::kSplit, start, part(regex.parts[i], next));
    return start;
  }

  uint32_t repeat(const Regex& regex, uint32_t next) {
    const auto& body = regex.parts.front();
    if (regex.most == Regex::kUnbounded) {
      next = star(body, next);
    } else {
      const auto end = next;
      for (int i = regex.least; i < regex.most; ++i)
        next = nfa_.addNode(Nfa::Kind::kSplit, part(body, next), end);
    }
    for (int i = 0; i < regex.least; ++i) next = part(body, next);
    return next;
  }

  uint32_t star(const Regex& body, uint32_t next) {
    const auto loop = nfa_.addNode(Nfa::Kind::kSplit, next, next);
    nfa_.setSplit(loop, part(body, loop), next);
    return loop;
  }

  Nfa& nfa_;
  PatternId pattern_;
  uint32_t unknown_ = 0;
};

/// Nodes that emitting takes, or `limit` when there are more.
size_t sizeOf(const Regex& regex, size_t limit) {
  if (regex.kind == Regex::Kind::kCharacter) return 3;
  size_t size = 1;
  for (const auto& part : regex.parts) size += sizeOf(part, limit) + 1;
  if (regex.kind == Regex::Kind::kRepeat)
    size *= static_cast<size_t>(std::max({regex.least + 1, regex.most, 1}));
  return std::min(size, limit);
}

bool isLiteral(char c) {
  return static_cast<unsigned char>(c) < 128 &&
         std::string_view("\\^$.|?*+()[]{}").find(c) == std::string_view::npos;
}

/// Length of the character that `rest` begins with, in the expression: 2 with its backslash, 0 when
/// it is none. Escapes of letters and digits have meanings.
size_t literalLength(std::string_view rest) {
  if (rest.empty()) return 0;
  if (rest[0] != '\\') return isLiteral(rest[0]) ? 1 : 0;
  const bool is_escaped = rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 128 &&
                          std::isalnum(static_cast<unsigned char>(rest[1])) == 0;
  return is_escaped ? 2 : 0;
}

bool isQuantified(std::string_view rest) {
  return !rest.empty() && std::string_view("?*+{").find(rest[0]) != std::string_view::npos;
}

}  // namespace

bool addRegex(Nfa& nfa, PatternId pattern, std::string_view expression) {
  constexpr size_t kMaxNodes = 2048;
  const auto regex = parseRegex(expression);
  if (!regex || sizeOf(*regex, kMaxNodes) >= kMaxNodes) return false;
  Emitter(nfa, pattern).emit(*regex);
  return true;
}

std::string prefixOfRegex(std::string_view expression) {
  std::string prefix;
  // Another alternative may begin with something else.
  if (expression.find('|') != std::string_view::npos) return prefix;
  if (expression.starts_with('^')) expression.remove_prefix(1);
  while (const auto length = literalLength(expression)) {
    if (isQuantified(expression.substr(length))) break;
    prefix.push_back(expression[length - 1]);
    expression.remove_prefix(length);
  }
  return prefix;
}

}  // namespace sluice::match
