// SPDX-License-Identifier: Apache-2.0
// YAML made of the descriptions of the API, so that mutations get behind the decoder.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/source/description.h"

namespace sluice::test {

/// Deterministic for a seed. Values are written in flow style, so that one fits anywhere.
class RandomYaml {
 public:
  explicit RandomYaml(uint32_t seed) : engine_(seed) {}

  /// Strings that are used besides the usual ones, so that what is made refers to what is there.
  void setWords(std::vector<std::string> words) { words_ = std::move(words); }

  size_t below(size_t count) { return count == 0 ? 0 : engine_() % count; }
  bool oneIn(size_t count) { return below(count) == 0; }

  /// A document of one of the kinds that Sluice reads.
  std::string resource();
  /// A value for any field of this name, now and then of the wrong type.
  std::string valueOf(std::string_view field);
  /// "name: value" of a field that may stand beside `field`.
  std::string besides(std::string_view field);

 private:
  std::string value(const source::Field& field, int depth);
  std::string single(const source::Field& field, std::string_view type, int depth);
  std::string list(const source::Field& field, std::string_view element, int depth);
  std::string mapOf(const source::Field& field, std::string_view element, int depth);
  std::string mapping(const source::Message& message, int depth);
  std::string scalar(std::string_view type);
  std::string word();
  std::string pair(const source::Field& field, int depth);

  std::minstd_rand engine_;
  std::vector<std::string> words_;
};

}  // namespace sluice::test
