// SPDX-License-Identifier: Apache-2.0
// libFuzzer's mutations, for YAML: lines with what is indented below them are dropped, copied,
// moved, and given other values; documents are taken from other inputs.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/random_yaml.h"

extern "C" {
// libFuzzer calls these; LLVMFuzzerMutate is its own, and changes bytes.
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1, const uint8_t* data2,
                                 size_t size2, uint8_t* out, size_t max_out, unsigned seed);
}

namespace sluice::test {
namespace {

using Lines = std::vector<std::string>;

/// Lines from `begin` up to, without, `end`.
struct Range {
  size_t begin;
  size_t end;
};

/// "  - name: value" in parts.
struct Entry {
  size_t indent;          ///< of the name
  std::string_view name;  ///< empty when the line is no entry of a mapping
  std::string_view value;
};

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

size_t indentOf(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

Entry entryOf(std::string_view line) {
  const size_t indent = std::min(line.find_first_not_of(" -"), line.size());
  const size_t colon = line.find(": ", indent);
  if (colon == std::string_view::npos) {
    if (!line.ends_with(':')) return {indent, {}, {}};
    return {indent, line.substr(indent, line.size() - 1 - indent), {}};
  }
  return {indent, line.substr(indent, colon - indent), line.substr(colon + 2)};
}

class Mutator {
 public:
  Mutator(std::string_view text, uint32_t seed) : lines_(split(text)), random_(seed) {
    random_.setWords(words());
  }

  void mutate() {
    if (lines_.empty()) return addDocument();
    switch (random_.below(8)) {
      case 0:
        return drop(block());
      case 1:
        return copy(block(), anywhere());
      case 2:
        return repeat(block());
      case 3:
        return addDocument();
      case 4:
        return addEntry();
      case 5:
        return indent(block());
      default:
        return setValue();
    }
  }

  /// A part of `other` somewhere between the lines.
  void take(std::string_view other) {
    const Lines theirs = split(other);
    if (theirs.empty()) return;
    const size_t at = random_.below(theirs.size());
    const Range part = random_.oneIn(2) ? documentAround(theirs, at) : blockAt(theirs, at);
    const Lines copied(theirs.begin() + offset(part.begin), theirs.begin() + offset(part.end));
    const size_t to = random_.oneIn(2) ? lines_.size() : anywhere();
    lines_.insert(lines_.begin() + offset(to), copied.begin(), copied.end());
  }

  /// At most `most` bytes, of whole lines.
  std::string text(size_t most) const {
    std::string text;
    for (const auto& line : lines_) {
      if (text.size() + line.size() + 1 > most) break;
      text += line + '\n';
    }
    return text;
  }

 private:
  static std::ptrdiff_t offset(size_t index) { return static_cast<std::ptrdiff_t>(index); }

  size_t anywhere() { return random_.below(lines_.size() + 1); }

  /// A line and what is indented below it.
  static Range blockAt(const Lines& lines, size_t begin) {
    size_t end = begin + 1;
    while (end < lines.size() && indentOf(lines[end]) > indentOf(lines[begin])) ++end;
    return {begin, end};
  }
  Range block() { return blockAt(lines_, random_.below(lines_.size())); }

  static Range documentAround(const Lines& lines, size_t at) {
    size_t begin = at;
    while (begin > 0 && lines[begin] != "---") --begin;
    size_t end = at + 1;
    while (end < lines.size() && lines[end] != "---") ++end;
    return {begin, end};
  }

  void drop(Range range) {
    lines_.erase(lines_.begin() + offset(range.begin), lines_.begin() + offset(range.end));
  }

  void copy(Range range, size_t to) {
    const Lines copied(lines_.begin() + offset(range.begin), lines_.begin() + offset(range.end));
    lines_.insert(lines_.begin() + offset(to), copied.begin(), copied.end());
  }

  /// Finds what grows faster than its input.
  void repeat(Range range) {
    for (size_t count = random_.oneIn(8) ? 64 : 2; count > 0; --count) copy(range, range.end);
  }

  void indent(Range range) {
    const bool inwards = random_.oneIn(2);
    for (size_t i = range.begin; i < range.end; ++i) {
      if (inwards) {
        lines_[i].insert(0, "  ");
      } else if (lines_[i].starts_with("  ")) {
        lines_[i].erase(0, 2);
      }
    }
  }

  void addDocument() {
    for (auto& line : split(random_.resource())) lines_.push_back(std::move(line));
  }

  void addEntry() {
    const size_t at = random_.below(lines_.size());
    const Entry beside = entryOf(lines_[at]);
    lines_.insert(lines_.begin() + offset(blockAt(lines_, at).end),
                  std::string(beside.indent, ' ') + random_.besides(beside.name));
  }

  void setValue() {
    const Range range = block();
    const Entry entry = entryOf(lines_[range.begin]);
    if (entry.name.empty()) return addEntry();
    const auto length =
        static_cast<size_t>(entry.name.data() - lines_[range.begin].data()) + entry.name.size();
    std::string line = lines_[range.begin].substr(0, length) + ": " + random_.valueOf(entry.name);
    drop({range.begin + 1, range.end});
    lines_[range.begin] = std::move(line);
  }

  /// Values that are there already.
  std::vector<std::string> words() const {
    constexpr size_t kMost = 64;
    std::vector<std::string> words;
    for (const auto& line : lines_) {
      const auto value = entryOf(line).value;
      const bool is_plain = value.size() < 64 && value.find_first_of("{}[]#&") == value.npos;
      if (!value.empty() && is_plain && words.size() < kMost) words.emplace_back(value);
    }
    return words;
  }

  Lines lines_;
  RandomYaml random_;
};

std::string_view viewOf(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

size_t give(const std::string& text, uint8_t* out) {
  std::memcpy(out, text.data(), text.size());
  return text.size();
}

}  // namespace
}  // namespace sluice::test

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  if (seed % 8 == 0 && LLVMFuzzerMutate != nullptr) return LLVMFuzzerMutate(data, size, max_size);
  sluice::test::Mutator mutator(sluice::test::viewOf(data, size), seed);
  mutator.mutate();
  return sluice::test::give(mutator.text(max_size), data);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1, const uint8_t* data2,
                                 size_t size2, uint8_t* out, size_t max_out, unsigned seed) {
  sluice::test::Mutator mutator(sluice::test::viewOf(data1, size1), seed);
  mutator.take(sluice::test::viewOf(data2, size2));
  return sluice::test::give(mutator.text(max_out), out);
}
