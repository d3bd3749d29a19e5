// SPDX-License-Identifier: Apache-2.0
// The analysed files as trees, for what typed resources do not keep: where a field stands.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/model/diagnostic.h"
#include "userspace/source/document.h"
#include "userspace/source/field_path.h"
#include "userspace/source/yaml_node.h"

namespace sluice::analysis {

/// Parses a file when something in it is asked for, and keeps the last one: who asks in the order
/// of the files has each parsed once, and one tree in memory.
class FileTrees {
 public:
  /// Borrows the files.
  explicit FileTrees(const std::vector<source::SourceFile>& files);

  /// The resource that begins at `position`; null when none does. Valid until another file is
  /// asked for.
  const source::YamlNode* resourceAt(const Position& position);

  /// All resources of `file`, those of lists one by one; valid as above.
  std::vector<const source::YamlNode*> resourcesOf(const std::string& file);

  /// Where `field` of the resource that begins at `resource` stands, or what is nearest around it.
  Position locate(const Position& resource, const source::FieldPath& field);

 private:
  using Places = std::map<std::pair<int, int>, const source::YamlNode*>;  ///< by line and column

  void open(const std::string& file);
  void collect(const source::YamlNode& node);

  std::map<std::string_view, std::string_view> texts_;  ///< by file name
  std::string opened_;
  std::vector<source::YamlNodePtr> documents_;  ///< of the opened file
  Places resources_;
};

}  // namespace sluice::analysis
