// SPDX-License-Identifier: Apache-2.0
// The walk over match tables in plain memory: what maps/lib/match.h asks of who includes it.
#pragma once

#include <cstdint>
#include <string_view>

#include "maps/abi/match.h"

static_assert(sizeof(union match_cell) == sizeof(uint64_t));

// NOLINTBEGIN(readability-identifier-naming): the names that maps/lib/match.h asks for.

/// Borrows the cells.
struct match_table {
  const union match_cell* cells;
};

/// Borrows the bytes.
struct match_text {
  const char* data;
  uint32_t length;
};

static inline union match_cell match_load(const match_table* table, uint32_t index) {
  return table->cells[index];
}

static inline uint8_t match_byte(const match_text* text, uint32_t at) {
  return static_cast<uint8_t>(text->data[at]);
}

static inline match_text match_part(const match_text* text, uint32_t first, uint32_t length) {
  return {text->data + first, length};
}

// NOLINTEND(readability-identifier-naming)

// Loops here end with what they read; nothing that a request or a table can be exceeds these.
#define MATCH_TEXT_BOUND 0x7fffffffu
#define MATCH_PARAMETER_BOUND MATCH_TEXT_BOUND
#define MATCH_FIELD_BOUND MATCH_MAX_FIELDS
#define MATCH_GROUP_BOUND (MATCH_MAX_ALTERNATIVES / MATCH_GROUP_BITS)
#define MATCH_WORD_BOUND (MATCH_GROUP_BITS / MATCH_WORD_BITS)

#include "maps/lib/match_field.h"
#include "maps/lib/match_text.h"

#define match_run match_scan
#define match_until match_seek
#define match_open match_open_bits
#include "maps/lib/match.h"

namespace sluice::match {

inline match_text textOf(std::string_view text) {
  return {text.data(), static_cast<uint32_t>(text.size())};
}

}  // namespace sluice::match
