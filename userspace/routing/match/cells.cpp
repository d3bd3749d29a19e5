// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/match/cells.h"

#include <bit>

namespace sluice::match {
namespace {

constexpr size_t kWordsOfGroup = MATCH_GROUP_BITS / MATCH_WORD_BITS;

/// Word, bits, word, bits, …: what makes two vectors the same.
std::vector<uint64_t> sparse(const Bits& bits) {
  std::vector<uint64_t> pairs;
  for (size_t word = 0; word < bits.size(); ++word)
    if (bits[word] != 0) pairs.insert(pairs.end(), {word, bits[word]});
  return pairs;
}

}  // namespace

Bits allOf(size_t alternatives) {
  Bits bits((alternatives + MATCH_WORD_BITS - 1) / MATCH_WORD_BITS, ~uint64_t{0});
  if (const auto used = alternatives % MATCH_WORD_BITS; used != 0)
    bits.back() = (uint64_t{1} << used) - 1;
  return bits;
}

Vectors::Vectors(Cells& cells, size_t alternatives)
    : cells_(cells),
      alternatives_(alternatives),
      words_((alternatives + MATCH_WORD_BITS - 1) / MATCH_WORD_BITS),
      groups_((alternatives + MATCH_GROUP_BITS - 1) / MATCH_GROUP_BITS) {}

void Vectors::add(Bits& bits, std::span<const uint32_t> alternatives) {
  for (const auto alternative : alternatives)
    bits[alternative / MATCH_WORD_BITS] |= uint64_t{1} << (alternative % MATCH_WORD_BITS);
}

void Vectors::remove(Bits& bits, std::span<const uint32_t> alternatives) {
  for (const auto alternative : alternatives)
    bits[alternative / MATCH_WORD_BITS] &= ~(uint64_t{1} << (alternative % MATCH_WORD_BITS));
}

uint32_t Vectors::write(const Bits& bits) {
  auto pairs = sparse(bits);
  const auto [at, is_new] = known_.try_emplace(std::move(pairs), 0);
  if (!is_new) return at->second;
  const auto head = cells_.append(groups_ * MATCH_VECTOR_CELLS);
  at->second = head;
  auto next = cells_.append(at->first.size() / 2);
  for (size_t group = 0; group < groups_; ++group)
    cells_[head + static_cast<uint32_t>(group) * MATCH_VECTOR_CELLS + 1].words = {next, 0};
  for (size_t i = 0; i < at->first.size(); i += 2, ++next) {
    const auto word = at->first[i];
    const auto summary = head + static_cast<uint32_t>(word / kWordsOfGroup) * MATCH_VECTOR_CELLS;
    if (cells_[summary].bits == 0) cells_[summary + 1].words.first = next;
    cells_[summary].bits |= uint64_t{1} << (word % kWordsOfGroup);
    cells_[next].bits = at->first[i + 1];
  }
  return head;
}

void Vectors::truncate(size_t size) {
  std::erase_if(known_, [&](const auto& known) { return known.second >= size; });
}

}  // namespace sluice::match
