// SPDX-License-Identifier: Apache-2.0
#include "userspace/routing/match/byte_classes.h"

namespace sluice::match {

ByteClasses ByteClasses::of(const std::vector<ByteSet>& sets) {
  ByteClasses classes;
  for (const auto& set : sets) classes.refine(set);
  return classes;
}

/// Splits each class that has bytes inside and outside of the set; those inside move out.
void ByteClasses::refine(const ByteSet& set) {
  std::array<bool, 256> has_outside{};
  for (size_t byte = 0; byte < 256; ++byte)
    if (!set[byte]) has_outside[class_of_[byte]] = true;
  std::array<uint16_t, 256> moved_to{};  // class + 1
  for (size_t byte = 0; byte < 256; ++byte) {
    if (!set[byte] || !has_outside[class_of_[byte]]) continue;
    auto& target = moved_to[class_of_[byte]];
    if (target == 0) target = static_cast<uint16_t>(++count_);
    class_of_[byte] = static_cast<uint8_t>(target - 1);
  }
}

std::vector<uint8_t> ByteClasses::in(const ByteSet& set) const {
  ByteSet seen;
  for (size_t byte = 0; byte < 256; ++byte)
    if (set[byte]) seen.set(class_of_[byte]);
  std::vector<uint8_t> classes;
  for (size_t i = 0; i < count_; ++i)
    if (seen[i]) classes.push_back(static_cast<uint8_t>(i));
  return classes;
}

}  // namespace sluice::match
