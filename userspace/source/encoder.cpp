// SPDX-License-Identifier: Apache-2.0
#include "userspace/source/encoder.h"

#include <utility>

#include "userspace/source/description.h"

namespace sluice::source {
namespace {

YamlNodePtr scalarNode(std::string_view text, bool quoted) {
  YamlNode node;
  node.kind = YamlNode::Kind::kScalar;
  node.quoted = quoted;
  node.text = text;
  return std::make_shared<const YamlNode>(std::move(node));
}

YamlNodePtr encodeField(const Field& field, const void* object) {
  if (field.kind != Field::Kind::kGroup) return field.encode(object, field.is_required);
  YamlNodePtr group = encodeMessage(*field.group, object);
  return group->entries.empty() && !field.is_required ? nullptr : group;
}

}  // namespace

YamlNodePtr stringNode(std::string_view text) { return scalarNode(text, true); }

YamlNodePtr plainNode(std::string_view text) { return scalarNode(text, false); }

void MapBuilder::add(std::string_view key, YamlNodePtr value) {
  if (!value) return;
  map_.nodes += value->nodes;
  map_.entries.emplace_back(stringNode(key), std::move(value));
}

YamlNodePtr MapBuilder::take() && {
  map_.kind = YamlNode::Kind::kMap;
  return std::make_shared<const YamlNode>(std::move(map_));
}

void ListBuilder::add(YamlNodePtr value) {
  list_.nodes += value->nodes;
  list_.items.push_back(std::move(value));
}

YamlNodePtr ListBuilder::take() && {
  list_.kind = YamlNode::Kind::kSequence;
  return std::make_shared<const YamlNode>(std::move(list_));
}

YamlNodePtr encodeMessage(const Message& message, const void* object) {
  MapBuilder map;
  for (const Field& field : message.fields) {
    if (field.kind == Field::Kind::kIgnored || field.is_alias) continue;
    map.add(field.name, encodeField(field, object));
  }
  return std::move(map).take();
}

}  // namespace sluice::source
