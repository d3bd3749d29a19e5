// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/yaml_text.h"

namespace sluice::cli {
namespace {

using observe::Json;

bool isBlock(const Json& json) { return json.is_structured() && !json.empty(); }

void append(std::string& out, const Json& json, size_t indent);

/// What stands after "key:" or "-": a scalar on the line, or a block below it.
void appendField(std::string& out, const Json& value, size_t indent) {
  if (!isBlock(value)) {
    out += " " + observe::toText(value) + "\n";
    return;
  }
  out += "\n";
  append(out, value, indent + 2);
}

void appendItem(std::string& out, const Json& item, size_t indent) {
  std::string text;
  append(text, item, indent + 2);
  out.append(indent, ' ').append("- ");
  out += std::string_view(text).substr(isBlock(item) ? indent + 2 : 0);
}

void append(std::string& out, const Json& json, size_t indent) {
  if (!isBlock(json)) {
    out += observe::toText(json) + "\n";
  } else if (json.is_array()) {
    for (const auto& item : json) appendItem(out, item, indent);
  } else {
    for (const auto& [key, value] : json.items()) {
      out.append(indent, ' ').append(observe::toText(Json(key))).append(":");
      appendField(out, value, indent);
    }
  }
}

}  // namespace

std::string yamlText(const Json& json) {
  std::string out;
  append(out, json, 0);
  return out;
}

}  // namespace sluice::cli
