// SPDX-License-Identifier: Apache-2.0
// From typed resources back to YAML, in the shape of the API and without what is default.
#pragma once

#include <string_view>

#include "userspace/source/yaml_node.h"

namespace sluice::source {

struct Message;

/// A word that stays a string whatever it looks like.
YamlNodePtr stringNode(std::string_view text);
/// A number or boolean.
YamlNodePtr plainNode(std::string_view text);

/// Puts a mapping together.
class MapBuilder {
 public:
  /// A null value is left out.
  void add(std::string_view key, YamlNodePtr value);
  bool empty() const { return map_.entries.empty(); }
  YamlNodePtr take() &&;

 private:
  YamlNode map_;
};

/// Puts a list together.
class ListBuilder {
 public:
  void add(YamlNodePtr value);
  YamlNodePtr take() &&;

 private:
  YamlNode list_;
};

/// `object` must be of the type that `message` describes.
YamlNodePtr encodeMessage(const Message& message, const void* object);

}  // namespace sluice::source
