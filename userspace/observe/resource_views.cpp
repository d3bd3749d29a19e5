// SPDX-License-Identifier: Apache-2.0
#include "userspace/observe/resource_views.h"

namespace sluice::observe {
namespace {

Json scalarOf(const source::YamlNode& node) {
  if (node.quoted) return node.text;
  Json value = Json::parse(node.text, nullptr, /*allow_exceptions=*/false);
  return value.is_discarded() ? Json(node.text) : value;
}

bool isWanted(const Metadata& metadata, const std::string& in_namespace, const std::string& name) {
  return (in_namespace.empty() || metadata.namespace_ == in_namespace) &&
         (name.empty() || metadata.name == name);
}

}  // namespace

Json jsonOf(const source::YamlNode& node) {
  if (node.isMap()) {
    Json object = Json::object();
    for (const auto& [key, value] : node.entries) object[key->text] = jsonOf(*value);
    return object;
  }
  if (node.isSequence()) {
    Json list = Json::array();
    for (const auto& item : node.items) list.push_back(jsonOf(*item));
    return list;
  }
  return node.isNull() ? Json(nullptr) : scalarOf(node);
}

Json resourceList(const Snapshot& snapshot, const source::Kind& kind,
                  const std::string& in_namespace, const std::string& name) {
  Json items = Json::array();
  for (const source::Resource& resource : source::resourcesOf(snapshot, kind)) {
    if (!isWanted(source::metadataOf(resource), in_namespace, name)) continue;
    items.push_back(jsonOf(*source::encodeResource(resource)));
  }
  return {{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}};
}

}  // namespace sluice::observe
