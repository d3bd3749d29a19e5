// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/runner/yaml_json.h"

#include <yaml-cpp/yaml.h>

#include <charconv>

namespace sluice::test {
namespace {

using nlohmann::json;

template <typename Number>
bool isNumber(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

json jsonOfScalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true" || text == "false") return text == "true";
  if (int64_t integer = 0; isNumber(text, integer)) return integer;
  if (double number = 0; isNumber(text, number)) return number;
  return text;
}

json jsonOf(const YAML::Node& node) {
  if (node.IsScalar()) return jsonOfScalar(node);
  if (node.IsSequence()) {
    auto list = json::array();
    for (const auto& item : node) list.push_back(jsonOf(item));
    return list;
  }
  if (!node.IsMap()) return {};
  auto map = json::object();
  for (const auto& item : node) map[item.first.Scalar()] = jsonOf(item.second);
  return map;
}

}  // namespace

Result<std::vector<json>> readYaml(const std::filesystem::path& file) {
  try {
    std::vector<json> documents;
    for (const auto& node : YAML::LoadAllFromFile(file.string()))
      if (auto document = jsonOf(node); !document.is_null())
        documents.push_back(std::move(document));
    return documents;
  } catch (const YAML::Exception& error) {
    return Error(Error::Code::kInvalid, "read " + file.string() + ": " + error.what());
  }
}

std::string scalarText(const json& value) {
  if (value.is_null()) return {};
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace sluice::test
