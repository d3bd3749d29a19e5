// SPDX-License-Identifier: Apache-2.0
// A YAML document as a tree, with the places of its parts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::source {

/// A place in a file; both count from 1.
struct Place {
  int line = 0;
  int column = 0;
};

struct YamlNode;
/// Shared, because an alias stands for the anchor's own node.
using YamlNodePtr = std::shared_ptr<const YamlNode>;

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  bool quoted = false;           ///< scalars: written in quotes or as a block, so a string
  bool repeats_a_key = false;    ///< mappings: `entries` has some key twice
  bool repeats_keys_in = false;  ///< so does something in this subtree, or this itself
  uint32_t height = 0;           ///< sequences and mappings inside each other; at most kMaxDepth
  Place place;
  uint64_t nodes = 1;  ///< of this subtree, aliases expanded; of a file at most kMaxNodes
  std::string text;    ///< scalars
  std::vector<YamlNodePtr> items;
  /// In the order of the file; keys are scalars.
  std::vector<std::pair<YamlNodePtr, YamlNodePtr>> entries;

  bool isMap() const { return kind == Kind::kMap; }
  bool isSequence() const { return kind == Kind::kSequence; }
  bool isNull() const { return kind == Kind::kNull; }

  /// The value of `key`, the first of several, or null.
  const YamlNode* find(std::string_view key) const;
};

}  // namespace sluice::source
