// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/match/nfa.h"

namespace sluice::match {
namespace {

bool isLetter(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

Nfa::Kind kindOf(Nfa::End end) {
  switch (end) {
    case Nfa::End::kExact:
      return Nfa::Kind::kAccept;
    case Nfa::End::kPrefix:
      return Nfa::Kind::kAbsorb;
    case Nfa::End::kUnknown:
      return Nfa::Kind::kUnknown;
  }
  return Nfa::Kind::kUnknown;
}

}  // namespace

void Nfa::addLiteral(PatternId pattern, std::string_view text, bool ignore_case, End end) {
  addStart(static_cast<uint32_t>(nodes_.size()));
  for (const char c : text) {
    const auto set = literalSet(static_cast<unsigned char>(c), ignore_case);
    addNode(Kind::kByte, set, static_cast<uint32_t>(nodes_.size() + 1));
  }
  addNode(kindOf(end), pattern);
}

uint32_t Nfa::addNode(Kind kind, uint32_t first, uint32_t second) {
  nodes_.push_back({kind, first, second});
  return static_cast<uint32_t>(nodes_.size() - 1);
}

uint32_t Nfa::addByte(const ByteSet& bytes, uint32_t next) {
  return addNode(Kind::kByte, internSet(bytes), next);
}

void Nfa::setSplit(uint32_t node, uint32_t one, uint32_t other) {
  nodes_[node].first = one;
  nodes_[node].second = other;
}

uint32_t Nfa::internSet(const ByteSet& bytes) {
  const auto [at, is_new] = set_ids_.try_emplace(bytes, static_cast<uint32_t>(sets_.size()));
  if (is_new) sets_.push_back(bytes);
  return at->second;
}

uint32_t Nfa::literalSet(unsigned char byte, bool ignore_case) {
  uint32_t& known = literal_sets_[ignore_case ? 1 : 0][byte];
  if (known != 0) return known - 1;
  ByteSet bytes;
  bytes.set(byte);
  constexpr unsigned char kCase = 'a' ^ 'A';
  if (ignore_case && isLetter(byte)) bytes.set(byte ^ kCase);
  known = internSet(bytes) + 1;
  return known - 1;
}

}  // namespace sluice::match
