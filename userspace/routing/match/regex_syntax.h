// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "userspace/routing/match/nfa.h"

namespace sluice::match {

/// A regular expression, parsed.
struct Regex {
  enum class Kind {
    kCharacter,  ///< one of `bytes`, or a character outside ASCII when `others`
    kSequence,   ///< all parts, in order
    kChoice,     ///< any part
    kRepeat,     ///< the part, `least` to `most` times
  };
  static constexpr int kUnbounded = -1;

  Kind kind = Kind::kSequence;
  ByteSet bytes;        ///< ASCII only
  bool others = false;  ///< some character outside ASCII belongs to it
  std::vector<Regex> parts;
  int least = 0;
  int most = kUnbounded;
};

/// Nothing for what is outside of the common ground: look-around, Unicode, boundaries, flags
/// inside, anchors that are not at an end of the text.
std::optional<Regex> parseRegex(std::string_view expression);

}  // namespace sluice::match
