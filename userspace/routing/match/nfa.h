// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::match {

using ByteSet = std::bitset<256>;
using PatternId = uint32_t;

/// Several patterns over bytes as one nondeterministic automaton (Thompson 1968).
class Nfa {
 public:
  enum class Kind : uint8_t {
    kByte,     ///< a byte of the set `first` leads to node `second`
    kSplit,    ///< node `first` and node `second`, without a byte
    kAccept,   ///< pattern `first` matches a text that ends here
    kAbsorb,   ///< pattern `first` matches, whatever follows
    kUnknown,  ///< whether pattern `first` matches is beyond this automaton, whatever follows
  };

  struct Node {
    Kind kind;
    uint32_t first;
    uint32_t second;
  };

  enum class End { kExact, kPrefix, kUnknown };  ///< what it means that the literal has been read

  /// A literal text; ASCII letters of both cases are the same when `ignore_case`.
  void addLiteral(PatternId pattern, std::string_view text, bool ignore_case, End end);

  /// For patterns that are built node by node; `start` is one of the starts of the whole.
  uint32_t addNode(Kind kind, uint32_t first, uint32_t second = 0);
  uint32_t addByte(const ByteSet& bytes, uint32_t next);
  void setSplit(uint32_t node, uint32_t one, uint32_t other);
  void addStart(uint32_t start) { starts_.push_back(start); }

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<uint32_t>& starts() const { return starts_; }
  const std::vector<ByteSet>& sets() const { return sets_; }

 private:
  uint32_t internSet(const ByteSet& bytes);
  uint32_t literalSet(unsigned char byte, bool ignore_case);

  std::vector<Node> nodes_;
  std::vector<uint32_t> starts_;
  std::vector<ByteSet> sets_;
  std::unordered_map<ByteSet, uint32_t> set_ids_;
  std::array<std::array<uint32_t, 256>, 2> literal_sets_{};  ///< id + 1, by ignore_case and byte
};

}  // namespace sluice::match
