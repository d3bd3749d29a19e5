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

struct Node;
/// Shared, because an alias stands for the anchor's own node.
using NodePtr = std::shared_ptr<const Node>;

struct Node {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  Place place;
  bool quoted = false;  ///< scalars: written in quotes or as a block, so a string
  std::string text;     ///< scalars
  std::vector<NodePtr> items;
  std::vector<std::pair<NodePtr, NodePtr>> entries;  ///< in the order of the file, keys are scalars
  uint64_t nodes = 1;   ///< of this subtree, aliases expanded; at most kMaxNodes
  uint32_t height = 0;  ///< sequences and mappings inside each other; at most kMaxDepth

  bool isMap() const { return kind == Kind::kMap; }
  bool isSequence() const { return kind == Kind::kSequence; }
  bool isNull() const { return kind == Kind::kNull; }

  /// The value of `key`, or null.
  const Node* find(std::string_view key) const;
};

}  // namespace sluice::source
