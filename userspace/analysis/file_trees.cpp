// SPDX-License-Identifier: Apache-2.0
#include "userspace/analysis/file_trees.h"

#include <variant>

#include "userspace/source/findings.h"
#include "userspace/source/yaml.h"

namespace sluice::analysis {

using source::YamlNode;

FileTrees::FileTrees(const std::vector<source::SourceFile>& files) {
  for (const auto& file : files) texts_.emplace(file.name, file.text);
}

void FileTrees::open(const std::string& file) {
  if (file == opened_) return;
  opened_ = file;
  resources_.clear();
  documents_.clear();
  const auto text = texts_.find(file);
  if (text == texts_.end()) return;
  auto parsed = source::parseYaml(text->second);
  auto* documents = std::get_if<source::Documents>(&parsed);
  if (documents == nullptr) return;
  documents_ = std::move(*documents);
  for (const auto& document : documents_) collect(*document);
}

void FileTrees::collect(const YamlNode& node) {
  resources_.emplace(std::pair(node.place.line, node.place.column), &node);
  const YamlNode* items = node.isMap() ? node.find("items") : nullptr;
  if (items == nullptr || !items->isSequence()) return;
  for (const auto& item : items->items) collect(*item);
}

const YamlNode* FileTrees::resourceAt(const Position& position) {
  open(position.file);
  const auto found = resources_.find({position.line, position.column});
  return found == resources_.end() ? nullptr : found->second;
}

std::vector<const YamlNode*> FileTrees::resourcesOf(const std::string& file) {
  open(file);
  std::vector<const YamlNode*> all;
  for (const auto& [place, node] : resources_) all.push_back(node);
  return all;
}

Position FileTrees::locate(const Position& resource, const source::FieldPath& field) {
  const YamlNode* node = resourceAt(resource);
  if (node == nullptr) return resource;
  return source::Findings(resource.file, node).positionOf(field);
}

}  // namespace sluice::analysis
