// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/yaml_node.h"

namespace sluice::source {

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name->text == key) return value.get();
  }
  return nullptr;
}

}  // namespace sluice::source
