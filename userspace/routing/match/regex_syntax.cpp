// SPDX-License-Identifier: Apache-2.0
// RE2 without options: Perl's classes, `.` is not a newline, negated classes are.
#include "userspace/routing/match/regex_syntax.h"

#include <charconv>
#include <utility>

namespace sluice::match {
namespace {

constexpr size_t kAscii = 128;

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isAscii(char c) { return static_cast<unsigned char>(c) < kAscii; }

unsigned char byteOf(char c) { return static_cast<unsigned char>(c); }

void addRange(ByteSet& bytes, char first, char last) {
  for (size_t c = byteOf(first); c <= byteOf(last); ++c) bytes.set(c);
}

Regex character(ByteSet bytes, bool others = false) {
  Regex regex;
  regex.kind = Regex::Kind::kCharacter;
  regex.bytes = bytes;
  regex.others = others;
  return regex;
}

Regex negated(Regex regex) {
  for (size_t c = 0; c < kAscii; ++c) regex.bytes.flip(c);
  // Neither has a class of ASCII alone any of the others, nor is there one that has all of them.
  regex.others = true;
  return regex;
}

Regex anyCharacter() {
  ByteSet newline;
  newline.set('\n');
  return negated(character(newline));
}

/// `\d`, `\w`, `\s`, in small letters.
std::optional<Regex> perlClass(char name) {
  ByteSet bytes;
  switch (name) {
    case 'd':
      addRange(bytes, '0', '9');
      break;
    case 'w':
      addRange(bytes, '0', '9');
      addRange(bytes, 'A', 'Z');
      addRange(bytes, 'a', 'z');
      bytes.set('_');
      break;
    case 's':
      for (const char c : {'\t', '\n', '\f', '\r', ' '}) bytes.set(byteOf(c));
      break;
    default:
      return std::nullopt;
  }
  return character(bytes);
}

std::optional<char> escapedCharacter(char c) {
  switch (c) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'f':
      return '\f';
    default:
      // Letters and digits have meanings; `\_` is refused by RE2.
      return isLetter(c) || isDigit(c) || c == '_' || !isAscii(c) ? std::nullopt : std::optional(c);
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) { ignore_case_ = take("(?i)"); }

  std::optional<Regex> parse() {
    auto regex = choice();
    if (!regex || !rest_.empty()) return std::nullopt;
    return regex;
  }

 private:
  static constexpr int kMaxDepth = 64;

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  char next() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  std::optional<Regex> choice() {
    Regex regex;
    regex.kind = Regex::Kind::kChoice;
    do {
      auto part = sequence();
      if (!part) return std::nullopt;
      regex.parts.push_back(*std::move(part));
    } while (take("|"));
    if (regex.parts.size() > 1) return regex;
    return std::exchange(regex.parts.front(), {});
  }

  /// The whole text has to match: `^` and `$` at the ends of a top-level alternative say nothing.
  std::optional<Regex> sequence() {
    if (depth_ == 0) take("^");
    Regex regex;
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      if (depth_ == 0 && (rest_ == "$" || rest_.starts_with("$|"))) {
        next();
        break;
      }
      auto part = repeated();
      if (!part) return std::nullopt;
      regex.parts.push_back(*std::move(part));
    }
    return regex;
  }

  std::optional<Regex> repeated() {
    auto part = atom();
    if (!part || rest_.empty()) return part;
    Regex repeat;
    repeat.kind = Regex::Kind::kRepeat;
    if (!quantifier(repeat)) return std::nullopt;
    if (repeat.least == 1 && repeat.most == 1) return part;
    repeat.parts.push_back(*std::move(part));
    return repeat;
  }

  /// Fills least and most, 1 and 1 without a quantifier. Lazy ones match the same whole texts.
  bool quantifier(Regex& repeat) {
    repeat.least = 0;
    repeat.most = Regex::kUnbounded;
    if (take("?")) {
      repeat.most = 1;
    } else if (take("+")) {
      repeat.least = 1;
    } else if (take("{")) {
      if (!bounds(repeat)) return false;
    } else if (!take("*")) {
      repeat.least = repeat.most = 1;
      return true;
    }
    take("?");
    // RE2 refuses two in a row.
    return rest_.empty() || std::string_view("*+?{").find(rest_.front()) == std::string_view::npos;
  }

  /// What follows "{". RE2 takes anything else than a count literally; here it is not understood.
  bool bounds(Regex& repeat) {
    if (!number(repeat.least)) return false;
    repeat.most = repeat.least;
    if (take(",")) {
      repeat.most = Regex::kUnbounded;
      if (!rest_.empty() && isDigit(rest_.front()) && !number(repeat.most)) return false;
    }
    const bool in_order = repeat.most == Regex::kUnbounded || repeat.least <= repeat.most;
    return take("}") && in_order;
  }

  bool number(int& value) {
    constexpr int kMost = 1000;  // RE2: kMaxRepeat
    const auto [end, failed] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (failed != std::errc{} || value < 0 || value > kMost) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return true;
  }

  std::optional<Regex> atom() {
    const char c = next();
    switch (c) {
      case '(':
        return group();
      case '[':
        return bracket();
      case '.':
        return anyCharacter();
      case '\\':
        return escape();
      case '^':
      case '$':
      case '*':
      case '+':
      case '?':
      case '{':
        return std::nullopt;
      default:
        return isAscii(c) ? std::optional(literal(c)) : std::nullopt;
    }
  }

  std::optional<Regex> group() {
    if (rest_.starts_with("?") && !take("?:")) return std::nullopt;
    if (++depth_ > kMaxDepth) return std::nullopt;
    auto regex = choice();
    --depth_;
    if (!regex || !take(")")) return std::nullopt;
    return regex;
  }

  std::optional<Regex> escape() {
    if (rest_.empty()) return std::nullopt;
    const char c = next();
    if (auto known = perlClass(c)) return known;
    if (c == 'D' || c == 'W' || c == 'S')
      return negated(*perlClass(static_cast<char>(c - 'A' + 'a')));
    const auto escaped = escapedCharacter(c);
    return escaped ? std::optional(literal(*escaped)) : std::nullopt;
  }

  /// Folding reaches characters outside ASCII (`k` and the Kelvin sign).
  Regex literal(char c) const {
    ByteSet bytes;
    bytes.set(byteOf(c));
    return folded(character(bytes));
  }

  Regex folded(Regex regex) const {
    if (!ignore_case_) return regex;
    for (size_t small = 'a'; small <= 'z'; ++small) {
      const size_t capital = small - 'a' + 'A';
      if (!regex.bytes[small] && !regex.bytes[capital]) continue;
      regex.bytes.set(small).set(capital);
      regex.others = true;
    }
    return regex;
  }

  std::optional<Regex> bracket() {
    const bool is_negated = take("^");
    Regex set = character({});
    bool is_first = true;
    while (is_first || !rest_.starts_with("]")) {
      if (rest_.empty() || !item(set, is_first)) return std::nullopt;
      is_first = false;
    }
    take("]");
    set = folded(set);
    return is_negated ? negated(set) : set;
  }

  /// One character, range or class of a bracket.
  bool item(Regex& set, bool is_first) {
    if (rest_.starts_with("[")) return false;
    const bool is_dash =
        is_first ? rest_.starts_with("-") && !rest_.starts_with("--") : rest_.starts_with("-]");
    if (is_dash) {
      set.bytes.set(byteOf(next()));
      // "[--]" and "[-a-z]" are clear, "[--a]" is left to RE2; so is "-" as the start of a range.
      return !(rest_.starts_with("-") && !rest_.starts_with("-]"));
    }
    if (rest_.size() >= 2 && rest_[0] == '\\') {
      if (const auto known = perlClass(rest_[1])) {
        rest_.remove_prefix(2);
        set.bytes |= known->bytes;
        return true;
      }
    }
    const auto first = bound();
    if (!first) return false;
    auto last = first;
    if (rest_.starts_with("-") && !rest_.starts_with("-]")) {
      next();
      last = bound();
    }
    if (!last || *last < *first) return false;
    addRange(set.bytes, *first, *last);
    return true;
  }

  std::optional<char> bound() {
    if (rest_.empty()) return std::nullopt;
    const char c = next();
    // RE2 has its own rules for a "-" between others.
    if (!isAscii(c) || c == '[' || c == '-') return std::nullopt;
    if (c != '\\') return c;
    return rest_.empty() ? std::nullopt : escapedCharacter(next());
  }

  std::string_view rest_;
  bool ignore_case_ = false;
  int depth_ = 0;
};

}  // namespace

std::optional<Regex> parseRegex(std::string_view expression) { return Parser(expression).parse(); }

}  // namespace sluice::match
